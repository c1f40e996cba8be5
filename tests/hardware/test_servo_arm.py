"""`ServoArm` over fake servos: orders, refusals, and stillness when something is wrong."""

import atexit
import dataclasses
import os
import signal

import numpy as np
import pytest

from robolearn.diagnostics import Status
from robolearn.embodiments.so101 import SO101
from robolearn.errors import RobotError, SpecError, UnknownNameError
from robolearn.hardware.serial_link import LinkLostError, LinkTimeoutError
from robolearn.hardware.servo_arm import tell_person
from robolearn.hardware.servo_bus import ServoMemory
from robolearn.testing import check_robot
from tests.hardware.conftest import make_calibration

HOME = np.array(SO101.home_position, np.float32)
REST = np.array(SO101.rest_position, np.float32)


@pytest.fixture
def robot(bench):
    """A connected arm."""
    with bench.make() as robot:
        yield robot


def pass_period(robot):
    robot.clock.sleep_until(robot.clock.now_s() + robot.control_period_s)


def send(robot, action, num_steps=40):
    for _ in range(num_steps):
        applied = robot.send_action(action)
        pass_period(robot)
    return applied


def has_torque(bench):
    return any(servo.torque for servo in bench.bus.servos.values())


def test_it_keeps_the_promises_of_a_robot(bench):
    check_robot(bench.make())
    assert bench.said == []


def test_its_twin_has_the_same_embodiment(bench):
    assert bench.make().embodiment == SO101


class TestConnecting:
    def test_the_order_is_configure_caps_goal_torque_and_nothing_moves(self, bench):
        before = bench.position
        with bench.make() as robot:
            told = list(bench.bus.told)
            assert told == ["configure", "set_torque_limits", "write_goals", "set_torque"]
            goals = bench.bus.log[2][1]
            assert goals == {i: s.present_steps for i, s in bench.bus.servos.items()}
            pass_period(robot)
            robot.get_observation()
            assert np.abs(bench.position - before).max() < 0.01

    def test_the_watchdog_is_set_before_the_goal_that_a_fired_one_would_refuse(self, tmp_path):
        bench = make_bench_with_watchdog(tmp_path)
        with bench.make(watchdog_s=0.3):
            expected = ["configure", "set_torque_limits", "set_watchdog", "write_goals"]
            assert bench.bus.told[:4] == expected
            assert bench.bus.watchdog_s == 0.3

    def test_servos_without_a_watchdog_need_the_word_for_it(self, bench):
        with pytest.raises(RobotError, match=r"no watchdog: set robot\.watchdog_s=null"):
            bench.make(watchdog_s=0.3).connect()
        assert not has_torque(bench)

    def test_the_gripper_is_capped(self, bench, robot):
        assert [servo.torque_limit for servo in bench.bus.servos.values()] == [1.0] * 5 + [0.5]

    def test_an_arm_that_holds_already_is_taken_over_without_being_dropped(self, bench):
        for servo in bench.bus.servos.values():
            servo.torque, servo.goal_steps = True, servo.present_steps
        with bench.make():
            assert "configure" not in bench.bus.told
            assert ("set_torque", (1, 2, 3, 4, 5, 6), False) not in bench.bus.log

    def test_connecting_twice_is_connecting_once(self, bench, robot):
        told = list(bench.bus.told)
        robot.connect()
        assert bench.bus.told == told


def make_bench_with_watchdog(folder):
    from tests.hardware.conftest import ArmBench

    return ArmBench(folder, has_watchdog=True)


class TestRefusingToConnect:
    def expect(self, bench, match, **options):
        with pytest.raises(RobotError, match=match) as caught:
            bench.make(**options).connect()
        assert not has_torque(bench)
        assert not bench.bus.is_open
        assert "write_goals" not in bench.bus.told or "set_torque" in bench.bus.told
        return caught

    def test_a_wrong_port(self, bench):
        bench.bus.is_lost = True
        self.expect(bench, "/dev/fake cannot be opened")

    def test_no_port_at_all(self, bench):
        bench.bus._port = None
        self.expect(bench, r"so101 needs its serial port.*find-port")

    def test_a_missing_motor(self, bench):
        bench.bus.servos[3].is_dead = True
        self.expect(bench, "no servo 3 on /dev/fake")

    def test_a_calibration_that_is_not_there(self, bench):
        bench.path.unlink()
        self.expect(bench, r"no calibration .*: run `robolearn calibrate robot=so101 port=…`")
        assert bench.bus.log == []

    def test_a_swapped_calibration_file_of_another_robot(self, bench):
        make_calibration("left").save(bench.path)
        self.expect(bench, r"is of so101 'left', not of so101 'default'")
        assert bench.bus.log == []

    def test_a_swapped_arm_whose_memory_differs(self, bench):
        bench.bus.servos[2].memory = ServoMemory(-400, 800, 3200)
        self.expect(
            bench,
            r"not the one that .* was made for.*servo 2 \(shoulder_lift\) holds"
            r" homing_offset_steps -400 instead of 37.*Nothing moves",
        )
        assert bench.bus.log == []

    def test_a_joint_outside_its_limits(self, bench):
        position = REST.copy()
        position[0] = 2.2
        bench.place(position)
        self.expect(bench, r"stays off: shoulder_pan is at 2\.2.*Move it by hand")
        assert bench.bus.is_still()

    @pytest.mark.parametrize(
        ("change", "match"),
        [
            ({"temperature_c": 71.0}, r"elbow_flex has 71 °C \(limit 65 °C\)"),
            ({"voltage_v": 4.8}, r"elbow_flex is supplied with 4\.8 V.*power supply"),
            ({"faults": ("overload",)}, "elbow_flex reports overload"),
        ],
    )
    def test_an_unwell_servo(self, bench, change, match):
        bench.bus.servos[3] = dataclasses.replace(bench.bus.servos[3], **change)
        self.expect(bench, match)
        assert bench.bus.is_still()

    def test_a_servo_that_keeps_another_goal(self, bench):
        bench.bus.servos[4].keeps_goal = True
        self.expect(bench, r"servo 4 \(wrist_flex\) stands at .* but keeps the goal 0")

    def test_a_camera_that_is_not_there_leaves_the_torque_as_it_was(self, bench, tmp_path):
        missing = str(tmp_path / "no-camera")
        with pytest.raises(RobotError, match="camera 'front'"):
            bench.make(cameras=["front"], camera_sources={"front": missing}).connect()
        assert not has_torque(bench)
        assert not bench.bus.is_open

    def test_torque_that_was_on_stays_on(self, bench):
        for servo in bench.bus.servos.values():
            servo.torque, servo.goal_steps = True, servo.present_steps
        bench.bus.servos[4].temperature_c = 90.0
        with pytest.raises(RobotError, match="90 °C"):
            bench.make().connect()
        assert all(servo.torque for servo in bench.bus.servos.values())

    @pytest.mark.parametrize(
        "setting", [{"max_missed_reads": 0}, {"slow_speed": 0.0}, {"release_s": float("nan")}]
    )
    def test_a_setting_that_makes_no_sense(self, bench, setting):
        with pytest.raises(RobotError, match=next(iter(setting))):
            bench.make(**setting)

    def test_an_unknown_limit_to_turn_off(self, bench):
        with pytest.raises(UnknownNameError, match="'worskpace'"):
            bench.make(limits_off=["worskpace"])


class TestActing:
    def test_it_moves_before_connecting_neither_nor_observes(self, bench):
        robot = bench.make()
        robot.stop()
        robot.close()
        for act in (robot.get_observation, robot.prepare, lambda: robot.send_action(REST)):
            with pytest.raises(RobotError, match="not connected"):
                act()
        assert bench.bus.log == []

    def test_prepare_goes_home_slowly(self, bench, robot):
        fastest, before = 0.0, bench.position
        read_states = bench.bus.read_states

        def watch(servo_ids):
            nonlocal fastest, before
            states = read_states(servo_ids)
            fastest = max(fastest, np.abs(bench.position - before)[:5].max())
            before = bench.position
            return states

        bench.bus.read_states = watch
        robot.prepare()
        assert np.abs(bench.position - HOME).max() < 0.02
        assert fastest <= 1.1 * 0.8 * robot.control_period_s
        assert robot.get_health().limit_violations == 0

    def test_what_was_applied_is_returned_and_counted(self, bench, robot):
        asked = HOME.copy()
        applied = robot.send_action(asked)
        assert not np.array_equal(applied, asked)
        health = robot.get_health()
        assert health.counters["limited_actions"] == 1
        assert health.counters["limited_by_speed"] == 1
        assert np.array_equal(send(robot, asked), asked)

    def test_the_state_is_stamped_in_the_middle_of_its_reading(self, bench, robot):
        bench.bus.on_read = lambda: robot.clock.sleep_until(robot.clock.now_s() + 0.01)
        before_s = robot.clock.now_s()
        captured_s = robot.get_observation().captured_s["observation.state"]
        assert 0.004 < captured_s - before_s < 0.007

    @pytest.mark.parametrize("wrong", [np.nan, np.inf, 9.0])
    def test_nan_or_an_action_beyond_the_limits_is_refused_and_nothing_is_sent(
        self, bench, robot, wrong
    ):
        told = len(bench.bus.log)
        asked = REST.copy()
        asked[1] = wrong
        with pytest.raises(SpecError, match="shoulder_lift"):
            robot.send_action(asked)
        assert len(bench.bus.log) == told

    def test_stop_holds_where_the_arm_is_and_not_where_it_was_sent(self, bench, robot):
        send(robot, HOME, 5)
        robot.stop()
        goals = bench.bus.log[-1][1]
        assert goals == {i: servo.present_steps for i, servo in bench.bus.servos.items()}
        stopped = bench.position
        robot.clock.sleep_until(robot.clock.now_s() + 2.0)
        robot.get_observation()
        assert np.abs(bench.position - stopped).max() < 0.01

    def test_after_a_stop_the_command_goes_on_from_where_the_arm_is(self, bench, robot):
        send(robot, HOME, 5)
        robot.stop()
        pass_period(robot)
        pushed = bench.position + np.array([0.2, 0, 0, 0, 0, 0])
        bench.place(pushed)
        bench.bus.servos[1].is_blocked = True
        applied = robot.send_action(HOME)
        assert np.abs(applied - pushed).max() <= 0.2 + 1e-3
        assert abs(applied[0] - pushed[0]) <= 0.13

    def test_its_settings_say_which_limits_are_off(self, bench):
        robot = bench.make(limits_off=["workspace", "lag"])
        assert robot.settings == {
            "robot_id": "default",
            "calibration": bench.calibration.digest,
            "limits_off": "workspace, lag",
            "watchdog": "none",
        }
        assert bench.make().settings["limits_off"] == "none"


class TestTrouble:
    def test_a_reading_that_fails_is_asked_for_again(self, bench, robot):
        bench.bus.num_missed = 2
        robot.get_observation()
        health = robot.get_health()
        assert health.counters["missed_reads"] == 2
        assert health.bus_errors == 2

    def test_the_third_failure_in_a_row_holds_the_arm_and_is_raised(self, bench, robot):
        send(robot, HOME, 5)
        bench.bus.num_missed = 3
        with pytest.raises(LinkTimeoutError):
            robot.get_observation()
        assert bench.bus.told[-1] == "write_goals"
        assert bench.bus.log[-1][1] == {i: s.present_steps for i, s in bench.bus.servos.items()}
        robot.get_observation()

    def test_a_dead_servo_is_named_and_the_others_hold(self, bench):
        robot = bench.make()
        robot.connect()
        send(robot, HOME, 5)
        bench.bus.servos[2].is_dead = True
        with pytest.raises(LinkTimeoutError, match="servo 2"):
            send(robot, HOME, 3)
        held = {}
        for name, *rest in bench.bus.log[-5:]:
            assert name == "write_goals"
            held.update(rest[0])
        assert set(held) == {1, 3, 4, 5, 6}
        assert "servo 2" in bench.said[0]
        robot.close()

    def test_an_unplugged_cable_is_raised_once_and_again_by_whoever_goes_on(self, bench, robot):
        bench.bus.is_lost = True
        with pytest.raises(LinkLostError, match="/dev/fake is gone"):
            robot.get_observation()
        robot.stop()
        for act in (robot.get_observation, lambda: robot.send_action(HOME), robot.prepare):
            with pytest.raises(LinkLostError, match="/dev/fake is gone"):
                act()

    def test_a_stop_that_cannot_be_sent_says_so(self, bench, robot):
        bench.bus.is_lost = True
        with pytest.raises(LinkLostError):
            robot.stop()

    @pytest.mark.parametrize(
        ("change", "match"),
        [
            ({"current_a": 2.6}, r"elbow_flex draws 2\.60 A \(limit 2\.2 A\)"),
            ({"temperature_c": 68.0}, "elbow_flex has 68 °C"),
            ({"voltage_v": 15.0}, r"elbow_flex is supplied with 15\.0 V"),
            ({"faults": ("overload",)}, "elbow_flex reports overload"),
        ],
    )
    def test_a_fault_needs_some_readings_holds_the_arm_and_stays(self, bench, robot, change, match):
        good = bench.bus.servos[3]
        bad = dataclasses.replace(good, **change)
        bench.bus.servos[3] = bad
        for _ in range(4):
            robot.get_observation()
        bench.bus.servos[3] = good
        robot.get_observation()
        bench.bus.servos[3] = bad
        for _ in range(4):
            robot.get_observation()
        with pytest.raises(RobotError, match=f"the arm holds: {match}.*connect it again"):
            robot.get_observation()
        assert bench.bus.told[-1] == "write_goals"
        bench.bus.servos[3] = good
        told = len(bench.bus.log)
        with pytest.raises(RobotError, match="the arm holds"):
            robot.send_action(HOME)
        assert len(bench.bus.log) == told
        assert robot.get_health().limit_violations == 1
        robot.stop()
        robot.close()
        bench.place(REST)
        robot.connect()
        robot.send_action(REST)

    def test_an_arm_that_is_blocked_stops_pushing(self, bench, robot):
        bench.bus.servos[2].is_blocked = True
        with pytest.raises(RobotError, match=r"shoulder_lift stays .* behind its command"):
            send(robot, HOME, 60)
        assert bench.bus.servos[2].goal_steps == bench.bus.servos[2].present_steps

    def test_a_gripper_that_holds_something_is_no_fault(self, bench, robot):
        send(robot, HOME, 60)
        bench.bus.servos[6].is_blocked = True
        target = HOME.copy()
        target[5] = 0.0
        assert send(robot, target, 60)[5] == 0.0

    def test_positions_outside_the_limits_are_counted(self, bench, robot):
        bench.bus.servos[1].actual_steps += 1400
        robot.get_observation()
        assert robot.get_health().limit_violations == 1

    def test_prepare_says_what_it_could_not_reach(self, bench):
        robot = bench.make(limits_off=["tracking", "lag"])
        with robot:
            bench.bus.servos[1].is_blocked = True
            bench.bus.servos[1].actual_steps += 300
            with pytest.raises(RobotError, match=r"shoulder_pan stays .* slowly sent"):
                robot.prepare()


class TestWatchdog:
    @pytest.fixture
    def bench(self, tmp_path):
        return make_bench_with_watchdog(tmp_path)

    def test_after_a_silence_the_arm_goes_on_from_where_it_stopped(self, bench):
        with bench.make(watchdog_s=0.3) as robot:
            send(robot, HOME, 5)
            robot.clock.sleep_until(robot.clock.now_s() + 5.0)
            robot.get_observation()
            stopped = bench.position
            applied = robot.send_action(HOME)
            assert np.abs(applied - stopped).max() < 0.21
            assert not bench.bus.watchdog_fired
            assert np.array_equal(send(robot, HOME), HOME)
            assert robot.get_health().counters["resumptions"] == 1

    def test_a_stop_after_a_silence_reaches_the_servos(self, bench):
        with bench.make(watchdog_s=0.3) as robot:
            robot.clock.sleep_until(robot.clock.now_s() + 5.0)
            robot.stop()
            assert not bench.bus.watchdog_fired

    def test_a_dead_servo_after_a_silence_does_not_keep_the_others_from_holding(self, bench):
        robot = bench.make(watchdog_s=0.3)
        robot.connect()
        send(robot, HOME, 5)
        robot.clock.sleep_until(robot.clock.now_s() + 0.22)  # doubtful: it has not fired yet
        bench.bus.servos[2].is_dead = True
        bench.bus.log.clear()
        with pytest.raises(LinkTimeoutError, match="servo 2"):
            robot.stop()
        assert not bench.bus.watchdog_fired
        held = {key for name, *rest in bench.bus.log if name == "write_goals" for key in rest[0]}
        assert held == {1, 3, 4, 5, 6}
        robot.close()

    def test_a_dead_servo_after_a_silence_does_not_keep_the_others_from_being_released(self, bench):
        robot = bench.make(watchdog_s=0.3)
        robot.connect()
        bench.bus.servos[2].is_dead = True
        robot.clock.sleep_until(robot.clock.now_s() + 5.0)
        robot.close()
        assert [key for key, servo in bench.bus.servos.items() if servo.torque] == [2]
        assert "servo 2" in bench.said[-1]

    def test_an_arm_whose_watchdog_fired_is_taken_over(self, bench):
        for servo in bench.bus.servos.values():
            servo.torque, servo.goal_steps = True, 0
        bench.bus.watchdog_s, bench.bus.watchdog_fired = 0.3, True
        with bench.make(watchdog_s=0.3) as robot:
            before = bench.position
            pass_period(robot)
            robot.get_observation()
            assert np.abs(bench.position - before).max() < 0.01


class TestClosing:
    def test_the_arm_goes_to_rest_and_then_loses_its_torque_slowly(self, bench):
        robot = bench.make()
        robot.connect()
        send(robot, HOME)
        bench.bus.log.clear()
        start_s = robot.clock.now_s()
        robot.close()
        assert np.abs(bench.position - REST).max() < 0.02
        names = [entry[0] for entry in bench.bus.log]
        ramp = [entry[1][1] for entry in bench.bus.log if entry[0] == "set_torque_limits"]
        assert ramp[0] >= 0.9
        assert ramp[:-1] == sorted(ramp[:-1], reverse=True)
        assert ramp[-2:] == [0.0, 1.0]
        assert names.index("set_torque") > names.index("set_torque_limits")
        assert not has_torque(bench)
        assert not bench.bus.is_open
        assert robot.clock.now_s() - start_s < 12.0
        robot.close()

    def test_an_arm_that_lies_at_rest_does_not_rise_again(self, bench):
        robot = bench.make()
        robot.connect()
        highest = []
        bench.bus.on_read = lambda: highest.append(np.abs(bench.position - REST).max())
        robot.close()
        assert max(highest) < 0.05

    def test_an_arm_with_a_fault_is_let_down_where_it_is(self, bench):
        robot = bench.make()
        robot.connect()
        send(robot, HOME)
        bench.bus.servos[3].current_a = 2.6
        with pytest.raises(RobotError, match="draws"):
            send(robot, HOME, 50)
        robot.close()
        assert not has_torque(bench)
        assert np.abs(bench.position - HOME).max() < 0.1

    def test_an_arm_that_cannot_get_to_rest_says_so_and_is_let_down(self, bench):
        robot = bench.make()
        robot.connect()
        send(robot, HOME)
        bench.bus.servos[2].is_blocked = True
        robot.close()
        assert "let down where it is: the arm holds: shoulder_lift stays" in bench.said[0]
        assert not has_torque(bench)

    def test_a_lost_link_is_said_and_everything_is_closed(self, bench):
        robot = bench.make()
        robot.connect()
        bench.bus.is_lost = True
        robot.close()
        assert "switch its power off" in bench.said[-1]
        assert not bench.bus.is_open

    def test_a_dead_servo_does_not_keep_the_others_from_being_released(self, bench):
        robot = bench.make()
        robot.connect()
        bench.bus.servos[2].is_dead = True
        robot.close()
        assert [i for i, servo in bench.bus.servos.items() if servo.torque] == [2]
        assert "servo 2" in bench.said[-1]
        assert "power" in bench.said[-1]

    def test_a_servo_that_refuses_does_not_keep_the_others_from_being_released(self, bench):
        robot = bench.make()
        robot.connect()
        set_torque = bench.bus.set_torque

        def refuse(servo_ids, enabled):
            if 3 in servo_ids:
                raise RobotError("servo 3 is in alarm")
            set_torque(servo_ids, enabled)

        bench.bus.set_torque = refuse
        robot.close()
        assert [i for i, servo in bench.bus.servos.items() if servo.torque] == [3]
        assert "servo 3 is in alarm" in bench.said[-1]

    def test_a_second_ctrl_c_leaves_out_the_way_but_not_the_letting_down(self, bench):
        robot = bench.make()
        robot.connect()
        send(robot, HOME)
        reads = iter(range(10**6))

        def interrupt():
            if next(reads) in (5, 8):
                os.kill(os.getpid(), signal.SIGINT)

        bench.bus.on_read = interrupt
        with pytest.raises(KeyboardInterrupt):
            robot.close()
        assert not has_torque(bench)
        assert not bench.bus.is_open
        assert np.abs(bench.position - REST).max() > 0.5
        assert bench.said == ["the arm is let down first"]
        assert signal.getsignal(signal.SIGINT) is signal.default_int_handler

    def test_ctrl_c_while_the_torque_goes_does_not_leave_it_half_way(self, bench):
        robot = bench.make()
        robot.connect()
        set_torque_limits = bench.bus.set_torque_limits

        def interrupt(shares):
            set_torque_limits(shares)
            os.kill(os.getpid(), signal.SIGTERM)

        bench.bus.set_torque_limits = interrupt
        with pytest.raises(KeyboardInterrupt):
            robot.close()
        assert not has_torque(bench)

    def test_a_second_ctrl_c_while_connecting_leaves_no_torque(self, bench, monkeypatch):
        robot = bench.make()
        set_torque = bench.bus.set_torque

        def interrupt(servo_ids, enabled):
            if not enabled:
                os.kill(os.getpid(), signal.SIGINT)
            set_torque(servo_ids, enabled)

        def fail():
            raise KeyboardInterrupt

        bench.bus.set_torque = interrupt
        monkeypatch.setattr(robot._cameras, "open", fail)
        with pytest.raises(KeyboardInterrupt):
            robot.connect()
        assert "set_torque" in bench.bus.told
        assert not has_torque(bench)
        assert not bench.bus.is_open

    def test_an_arm_is_let_down_although_its_terminal_is_gone(self, bench, monkeypatch):
        def fail(*words, **options):
            raise OSError("the terminal is gone")

        monkeypatch.setattr("builtins.print", fail)
        robot = bench.make(tell=tell_person)
        robot.connect()
        set_torque_limits = bench.bus.set_torque_limits

        def hang_up(shares):
            set_torque_limits(shares)
            os.kill(os.getpid(), signal.SIGHUP)

        bench.bus.set_torque_limits = hang_up
        with pytest.raises(KeyboardInterrupt):
            robot.close()
        assert not has_torque(bench)

    def test_python_closes_an_arm_that_was_forgotten(self, bench, monkeypatch):
        registered = []
        monkeypatch.setattr(atexit, "register", registered.append)
        monkeypatch.setattr(atexit, "unregister", registered.remove)
        robot = bench.make()
        robot.connect()
        (close,) = registered
        close()
        assert not has_torque(bench)
        assert registered == []


class TestDiagnosing:
    def test_a_well_arm_is_one_line_and_nothing_moves(self, bench):
        (finding,) = bench.make().diagnose()
        assert finding.status is Status.OK
        assert "6 servos on /dev/fake" in finding.detail
        assert "torque off" in finding.detail
        assert bench.bus.log == []
        assert not bench.bus.is_open

    def test_what_is_wrong_is_said(self, bench):
        bench.bus.servos[3].temperature_c = 80.0
        (finding,) = bench.make().diagnose()
        assert finding.status is Status.WARNING
        assert "elbow_flex has 80 °C" in finding.remedy

    def test_an_absent_arm_is_a_finding(self, bench):
        bench.bus.is_lost = True
        (finding,) = bench.make().diagnose()
        assert finding.status is Status.MISSING
        assert "/dev/fake" in finding.detail
