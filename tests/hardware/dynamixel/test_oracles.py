"""Code that is not ours: the maker's SDK and rustypot drive our emulator and read our bytes."""

import contextlib

import dynamixel_sdk as sdk
import pytest
import rustypot

from robolearn.hardware.dynamixel import protocol, registers
from robolearn.hardware.dynamixel.decoder import PacketDecoder
from robolearn.hardware.dynamixel.protocol import Instruction, Packet, split_fast
from robolearn.hardware.servo_bus import RAD_PER_STEP
from tests.hardware.dynamixel.rig import IDS, run_rig

GOAL, POSITION = registers.GOAL_POSITION, registers.PRESENT_POSITION
TORQUE, LED = registers.TORQUE_ENABLE, registers.LED


@pytest.fixture
def bare(tmp_path):
    """Three servos as they come from the factory, standing apart; nobody at the port."""
    with run_rig(tmp_path) as rig:
        for actuator, steps in (("shoulder", 1000), ("elbow", 2500), ("gripper", 3000)):
            rig.place(actuator, steps)
        yield rig


class Sdk:
    """The maker's SDK at a port; every call must succeed."""

    def __init__(self, path):
        self.port = sdk.PortHandler(str(path))
        self.packets = sdk.PacketHandler(2.0)
        assert self.port.openPort()
        assert self.port.setBaudRate(1_000_000)

    def close(self):
        self.port.closePort()

    def check(self, *answer):
        *values, result, error = answer
        assert result == sdk.COMM_SUCCESS, self.packets.getTxRxResult(result)
        assert error == 0, self.packets.getRxPacketError(error)
        return values[0] if values else None


@pytest.fixture
def maker(bare, monkeypatch):
    monkeypatch.setattr(sdk.port_handler, "LATENCY_TIMER", 150)  # more patience, in ms
    with contextlib.closing(Sdk(bare.port.path)) as maker:
        yield maker


def test_the_sdk_pings_reads_and_writes(bare, maker):
    packets, port = maker.packets, maker.port
    assert maker.check(*packets.ping(port, 1)) == 1060
    assert maker.check(*packets.ping(port, 2)) == 1200
    assert maker.check(*packets.read4ByteTxRx(port, 1, POSITION.address)) == 1000
    maker.check(*packets.write1ByteTxRx(port, 1, LED.address, 1))
    assert maker.check(*packets.read1ByteTxRx(port, 1, LED.address)) == 1
    maker.check(*packets.write4ByteTxRx(port, 2, GOAL.address, 2500))
    maker.check(*packets.write1ByteTxRx(port, 2, TORQUE.address, 1))
    maker.check(*packets.write4ByteTxRx(port, 2, GOAL.address, 2600))
    bare.wait_until(lambda: bare.plant.measure("elbow").position_rad / RAD_PER_STEP > 540)
    assert maker.check(*packets.read4ByteTxRx(port, 2, GOAL.address)) == 2600


def test_the_sdk_is_refused_with_the_codes_of_the_manual(maker):
    packets, port = maker.packets, maker.port

    def get_error(answer):
        assert answer[0] == sdk.COMM_SUCCESS
        return answer[1]

    assert get_error(packets.write4ByteTxRx(port, 1, GOAL.address, 5000)) == 6  # beyond limits
    assert get_error(packets.write1ByteTxRx(port, 1, TORQUE.address, 2)) == 4  # out of range
    assert get_error(packets.write2ByteTxRx(port, 1, GOAL.address, 5)) == 5  # too short
    assert get_error(packets.write4ByteTxRx(port, 1, POSITION.address, 5)) == 7  # read-only
    assert get_error(packets.write1ByteTxRx(port, 1, 98, 255)) == 4
    maker.check(*packets.write1ByteTxRx(port, 1, TORQUE.address, 1))
    assert get_error(packets.write1ByteTxRx(port, 1, 11, 4)) == 7  # EEPROM under torque
    assert packets.getRxPacketError(7).endswith("not available to target address!")
    assert packets.readTxRx(port, 1, 300, 4)[2] == 7


def test_the_sdk_finds_all_by_a_broadcast(maker):
    found, result = maker.packets.broadcastPing(maker.port)
    assert result == sdk.COMM_SUCCESS
    assert found == {1: [1060, 52], 2: [1200, 52], 3: [1200, 52]}


def test_the_sdk_reads_and_writes_many_at_once(bare, maker):
    write = sdk.GroupSyncWrite(maker.port, maker.packets, GOAL.address, GOAL.size)
    for servo_id, goal in zip(IDS, (1111, 2222, 3333), strict=True):
        assert write.addParam(servo_id, GOAL.encode(goal))
    assert write.txPacket() == sdk.COMM_SUCCESS
    for start in ("txRxPacket", "fastSyncRead"):
        read = sdk.GroupSyncRead(maker.port, maker.packets, GOAL.address, 20)
        for servo_id in IDS:
            assert read.addParam(servo_id)
        assert getattr(read, start)() == sdk.COMM_SUCCESS
        assert [read.getData(key, GOAL.address, 4) for key in IDS] == [1111, 2222, 3333]
        assert [read.getData(key, POSITION.address, 4) for key in IDS] == [1000, 2500, 3000]


def test_the_sdk_reads_and_writes_in_bulk(bare, maker):
    write = sdk.GroupBulkWrite(maker.port, maker.packets)
    assert write.addParam(1, LED.address, LED.size, [1])
    assert write.addParam(2, GOAL.address, GOAL.size, GOAL.encode(2345))
    assert write.txPacket() == sdk.COMM_SUCCESS
    read = sdk.GroupBulkRead(maker.port, maker.packets)
    assert read.addParam(2, GOAL.address, GOAL.size)
    assert read.addParam(1, LED.address, LED.size)
    assert read.addParam(3, POSITION.address, POSITION.size)
    assert read.txRxPacket() == sdk.COMM_SUCCESS
    assert read.getData(2, GOAL.address, 4) == 2345
    assert read.getData(1, LED.address, 1) == 1
    assert read.getData(3, POSITION.address, 4) == 3000


def test_the_sdk_sees_registered_writes_and_clears_turns(bare, maker):
    packets, port = maker.packets, maker.port
    maker.check(*packets.regWriteTxRx(port, 1, LED.address, 1, [1]))
    assert maker.check(*packets.read1ByteTxRx(port, 1, LED.address)) == 0
    packets.action(port, 1)
    bare.wait_until(lambda: bare.device.servos[1].get(LED) == 1)
    maker.check(*packets.write1ByteTxRx(port, 3, 11, 4))
    bare.place("gripper", 3000 + 4096)
    assert maker.check(*packets.read4ByteTxRx(port, 3, POSITION.address)) == 7096
    maker.check(*packets.clearMultiTurn(port, 3))
    assert maker.check(*packets.read4ByteTxRx(port, 3, POSITION.address)) == 3000


def test_the_sdk_clears_an_alert_by_a_reboot(bare, maker):
    packets, port = maker.packets, maker.port
    bare.call(lambda: bare.device.servos[2].set_alert(registers.OVERHEATING))
    _, result, error = packets.read4ByteTxRx(port, 2, POSITION.address)
    assert (result, error) == (sdk.COMM_SUCCESS, 0x80)
    assert packets.read1ByteTxRx(port, 2, registers.HARDWARE_ERROR.address)[0] == 4
    assert packets.reboot(port, 2) == (sdk.COMM_SUCCESS, 0x80)
    bare.wait_until(lambda: bare.device.servos[2].is_listening)
    assert maker.check(*packets.read4ByteTxRx(port, 2, POSITION.address)) == 2500


class FakePort:
    """A port whose bytes are given; the SDK's parser reads from it."""

    def __init__(self, data):
        self.data, self.is_using = data, False

    def readPort(self, length):
        taken, self.data = self.data[:length], self.data[length:]
        return list(taken)

    def isPacketTimeout(self):
        return not self.data


def parse_by_sdk(data):
    """Reads a packet by the SDK's parser, which wants replies: an instruction is disguised."""
    packets = sdk.PacketHandler(2.0)
    packet, result = packets.rxPacket(FakePort(data), False)
    assert result == sdk.COMM_SUCCESS
    return bytes(packet)


def test_our_replies_are_read_by_the_sdk():
    for params in (b"", b"\x00\x08\x00\x00", b"\xff\xff\xfd", b"\x01\xff\xff\xfd\xfd\x02"):
        data = Packet(5, Instruction.STATUS, params, 0x80).encode()
        read = parse_by_sdk(data)
        length = int.from_bytes(read[5:7], "little")
        assert (read[4], read[7], read[8]) == (5, 0x55, 0x80)
        assert read[9 : 7 + length - 2] == params


class Catcher(FakePort):
    """A port that keeps what the SDK sends."""

    def __init__(self):
        super().__init__(b"")
        self.sent = b""

    def clearPort(self):
        pass

    def writePort(self, data):
        self.sent += bytes(data)
        return len(data)

    def setPacketTimeout(self, length):
        pass


def test_our_requests_are_those_of_the_sdk_byte_for_byte():
    packets = sdk.PacketHandler(2.0)

    def catch(send):
        port = Catcher()
        send(port)
        return port.sent

    # Without a header in the parameters: this SDK computes the stuffing, then sends without it.
    data = list(b"\xff\xfd\xff\x00")
    expected = {
        protocol.ping(3): lambda port: packets.ping(port, 3),
        protocol.read(3, 132, 4): lambda port: packets.readTx(port, 3, 132, 4),
        protocol.write(3, 116, bytes(data)): lambda port: packets.writeTxOnly(
            port, 3, 116, 4, data
        ),
        protocol.reg_write(3, 65, b"\x01"): lambda port: packets.regWriteTxOnly(
            port, 3, 65, 1, [1]
        ),
        protocol.action(3): lambda port: packets.action(port, 3),
        protocol.reboot(3): lambda port: packets.reboot(port, 3),
        protocol.clear_turns(3): lambda port: packets.clearMultiTurn(port, 3),
        protocol.factory_reset(3, 0x02): lambda port: packets.factoryReset(port, 3, 0x02),
        protocol.sync_read([1, 2, 3], 132, 4): lambda port: packets.syncReadTx(
            port, 132, 4, [1, 2, 3], 3, False
        ),
        protocol.sync_read([1, 2, 3], 132, 4, fast=True): lambda port: packets.syncReadTx(
            port, 132, 4, [1, 2, 3], 3, True
        ),
        protocol.sync_write(116, {1: bytes(data), 2: b"\x01\x02\x03\x04"}): lambda port: (
            packets.syncWriteTxOnly(port, 116, 4, [1, *data, 2, 1, 2, 3, 4], 10)
        ),
        protocol.bulk_read({1: (132, 4), 2: (144, 2)}): lambda port: packets.bulkReadTx(
            port, [1, 132, 0, 4, 0, 2, 144, 0, 2, 0], 10, False
        ),
        protocol.bulk_write({1: (65, b"\x01")}): lambda port: packets.bulkWriteTxOnly(
            port, [1, 65, 0, 1, 0, 1], 6
        ),
    }
    for ours, send in expected.items():
        assert ours == catch(send), ours.hex(" ")


def test_our_bus_and_the_sdk_read_the_same(bare, monkeypatch):
    monkeypatch.setattr(sdk.port_handler, "LATENCY_TIMER", 150)
    bare.bus.open(IDS)
    states, goals = bare.bus.read_states(IDS), bare.bus.read_goals(IDS)
    bare.bus.close()
    with contextlib.closing(Sdk(bare.port.path)) as maker:
        for key in IDS:
            position = maker.check(*maker.packets.read4ByteTxRx(maker.port, key, POSITION.address))
            goal = maker.check(*maker.packets.read4ByteTxRx(maker.port, key, GOAL.address))
            assert states[key].position_steps == position
            assert goals[key] == goal


def test_the_shared_reply_of_a_fast_read_is_taken_apart(bare):
    data = protocol.sync_read([1, 2, 3], POSITION.address, POSITION.size, fast=True)
    bare.call(lambda: [s.write(9, b"\x00") for s in bare.device.servos.values()])
    (reply,) = bare.call(lambda: bare.device.receive(data, 0.0))
    (packet,) = PacketDecoder().feed(reply)
    parts = split_fast(packet, POSITION.size)
    assert [part.servo_id for part in parts] == [1, 2, 3]
    assert [POSITION.decode(part.params) for part in parts] == [1000, 2500, 3000]
    assert split_fast(packet, 5) == []


@pytest.fixture(params=[False, True], ids=["sync-read", "fast sync-read"])
def rusty(bare, request):
    controller = rustypot.Xl330PyController(str(bare.port.path), 1_000_000, 0.5)
    controller.set_fast_sync_read(request.param)
    yield controller
    controller.close()


def test_rustypot_drives_the_emulator(bare, rusty):
    assert rusty.ping(2)
    assert not rusty.ping(17)
    assert rusty.read_model_number(2) in (1200, [1200])
    positions = rusty.sync_read_raw_present_position([1, 2, 3])
    assert list(positions) == [1000, 2500, 3000]
    radians = rusty.sync_read_present_position([2])[0]
    assert radians == pytest.approx((2500 - 2048) * RAD_PER_STEP, abs=0.01)
    rusty.sync_write_raw_goal_position([1, 2], [1005, 2505])
    rusty.sync_write_led([1, 2, 3], [1, 0, 1])
    bare.wait_until(lambda: bare.device.servos[3].get(LED) == 1)
    assert [bare.get(key, LED) for key in IDS] == [1, 0, 1]
    assert [bare.get(key, GOAL) for key in (1, 2)] == [1005, 2505]
    rusty.write_torque_enable(2, True)
    assert bare.get(2, TORQUE) == 1
    rusty.reboot(2)
    bare.wait_until(lambda: bare.device.servos[2].get(TORQUE) == 0)


def test_rustypot_and_our_bus_read_the_same(bare):
    bare.bus.open(IDS)
    ours = [state.position_steps for state in bare.bus.read_states(IDS).values()]
    bare.bus.close()
    controller = rustypot.Xl330PyController(str(bare.port.path), 1_000_000, 0.5)
    try:
        assert list(controller.sync_read_raw_present_position(list(IDS))) == ours
    finally:
        controller.close()
