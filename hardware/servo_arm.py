"""`ServoArm`: an arm of smart servos, behind the `Robot` interface."""

from __future__ import annotations

import atexit
import dataclasses
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack, suppress
from pathlib import Path

import numpy as np

from robolearn import keys
from robolearn.diagnostics import Finding, Status
from robolearn.errors import RobotError
from robolearn.hardware.arm_servos import ArmServos
from robolearn.hardware.arms import ArmAssembly
from robolearn.hardware.cameras import Cameras
from robolearn.hardware.guarded_servos import GuardedServos
from robolearn.hardware.interrupts import HeldInterrupts, hold_back_interrupts
from robolearn.hardware.safety import ArmLimits
from robolearn.hardware.serial_link import LinkLostError
from robolearn.hardware.servo_bus import ServoBus
from robolearn.hardware.settings import require_positive
from robolearn.hardware.slow_motion import move_slowly
from robolearn.robot import Observation, Robot, RobotHealth
from robolearn.specs import Array
from robolearn.timing import Clock, MonotonicClock

NEAR_REST = 0.2  # an arm no further away in any channel lies down directly [rad, 1]


def tell_person(text: str) -> None:
    """Says what a person beside the arm must know."""
    with suppress(OSError):  # the terminal may be gone, and the arm must be let down all the same
        print(f"robolearn: {text}", file=sys.stderr)


class ServoArm(Robot):
    """Moves an arm by the position loops of its servos, within limits that are on by default.

    **Keep the power switch within reach.** Servos with a watchdog of their own (Dynamixel) stop
    when the program that drives them dies. Feetech servos have none: if the program is killed, the
    computer hangs or the cable is pulled, the arm stays where it was last sent and *holds with full
    torque*. Nothing but its power switch ends that.

    Nothing moves before the servos' memory agrees with the calibration file. `connect` gives torque
    only to an arm that holds where it stands. `close` brings it slowly home and from there to rest,
    then takes the torque away over a second; Ctrl-C meanwhile leaves out the way, not the letting
    down. So does a stop on its way to the home position.
    What happens when readings fail or a fault appears: see `GuardedServos`.
    """

    def __init__(
        self,
        assembly: ArmAssembly,
        bus: ServoBus,
        limits: ArmLimits,
        *,
        robot_id: str = "default",
        calibration: str | None = None,
        limits_off: Sequence[str] = (),
        watchdog_s: float | None = None,
        slow_speed: float = 0.8,
        release_s: float = 1.0,
        max_missed_reads: int = 3,
        cameras: Sequence[str] = (),
        camera_sources: Mapping[str, str | None] | None = None,
        image_height_px: int = 96,
        image_width_px: int = 96,
        clock: Clock | None = None,
        tell: Callable[[str], None] = tell_person,
    ) -> None:
        """Checks the settings; touches no device.

        Args:
            assembly: how the arm is put together.
            bus: where its servos are.
            limits: what it may do.
            robot_id: name that tells this arm from others of its kind; finds its calibration.
            calibration: path of the calibration; None for the default place.
            limits_off: names of limits to turn off.
            watchdog_s: after so long without a word the servos stop by themselves [s]; None for
                servos that cannot.
            slow_speed: of moves to home and rest position [rad/s, 1/s].
            release_s: how long the torque takes to go [s].
            max_missed_reads: so many failed readings in a row stop it.
            cameras: names of the cameras to switch on.
            camera_sources: where each camera is found, by its name.
            image_height_px: of every camera [px].
            image_width_px: of every camera [px].
            clock: the time; None for the machine's.
            tell: says to a person what cannot be raised.

        Raises:
            UnknownNameError: if there is no such camera or limit.
            RobotError: if a camera has no source, or a setting makes no sense.
        """
        require_positive(slow_speed=slow_speed, release_s=release_s)
        self.embodiment = assembly.embodiment.resize_cameras(image_height_px, image_width_px)
        specs = [self.embodiment.get_camera(name) for name in cameras]
        self.cameras = tuple(spec.name for spec in specs)
        self.clock = clock or MonotonicClock()
        self.limits = dataclasses.replace(limits, off=tuple(limits_off))
        path = Path(calibration).expanduser() if calibration else None
        self.servos = ArmServos(assembly, bus, robot_id, path, self.clock)
        self._guarded = GuardedServos(self.servos, self.limits, self.clock, max_missed_reads, tell)
        self._cameras = Cameras(specs, camera_sources or {})
        self._watchdog_s, self._slow_speed = watchdog_s, slow_speed
        self._release_s, self._tell = release_s, tell
        self._is_connected = self._is_halted = False

    def connect(self) -> None:
        """Switches the arm on where it stands; see `Robot.connect`.

        A failure leaves the torque as it was found, and closes everything.

        Raises:
            RobotError: if a servo or camera is missing or unwell, the calibration is not this
                arm's, or a joint stands outside its limits. Nothing has moved.
        """
        if self._is_connected:
            return
        self._guarded.reset()
        with ExitStack() as undo:
            undo.callback(self.servos.bus.close)
            self.servos.open()
            self._guarded.check_fit()
            undo.callback(self._restore_torque, self.servos.find_torque())
            self._guarded.switch_on(self._watchdog_s)
            undo.callback(self._cameras.close)
            self._cameras.open()
            self._is_connected, self._is_halted = True, False
            # In case nobody closes it: an arm must not stay on when the program has ended.
            atexit.register(self.close)
            undo.pop_all()

    def _restore_torque(self, found: Mapping[int, bool]) -> None:
        """Takes torque from servos that had none, while something else is being raised."""
        with hold_back_interrupts(lambda: None):  # it takes less than any person notices
            try:
                self.servos.restore_torque(found)
            except RobotError as error:
                self._tell(f"the arm may still have torque, switch its power off: {error}")

    def prepare(self) -> None:
        """Moves slowly to the home position; see `Robot.prepare`."""
        self._require_connected()
        goal, is_stop_asked = self.embodiment.home_position, self.is_stop_asked
        move_slowly(self._guarded, goal, self._slow_speed, self.clock, is_stop_asked)
        self._is_halted = is_stop_asked()
        if self._is_halted:
            self.stop()
            raise RobotError("the arm was stopped on its way to the home position, as was asked")

    def get_observation(self) -> Observation:
        """Reads the servos once and takes the newest picture of each camera.

        Raises:
            LinkTimeoutError: if a servo does not answer; the arm holds.
            RobotError: if something is wrong with the arm or a camera.
        """
        self._require_connected()
        state = self._guarded.read()
        dtype = self.embodiment.state_spec.numpy_dtype
        values: dict[str, Array] = {keys.STATE: state.position.astype(dtype)}
        captured_s = {keys.STATE: state.captured_s}
        for key, (image, image_captured_s) in self._cameras.read().items():
            values[key], captured_s[key] = image, image_captured_s
        return Observation(values, captured_s)

    def send_action(self, action: Array) -> Array:
        """Sends the servos as far towards an action as the limits allow at once.

        Servos move in steps of 1.5 mrad; what is returned is not rounded to them.

        Raises:
            SpecError: if the action does not fit; nothing is sent, the arm stays.
            LinkTimeoutError: if a servo does not answer; the arm holds.
            RobotError: if a fault keeps the arm from moving.
        """
        self._require_connected()
        return self._guarded.send(action)

    def stop(self) -> None:
        """Makes the arm hold where it is; see `Robot.stop`.

        Raises:
            LinkLostError: if the link is found gone only now: the arm cannot be told.
            RobotError: if a servo does not answer or obey; the others hold.
        """
        if self._is_connected and self._guarded.lost is None:
            self._guarded.hold()

    def close(self) -> None:
        """Puts the arm down and releases every device; see `Robot.close`.

        Takes at most the time of the slow move and of the release. What keeps it from putting the
        arm down is said, not raised: all that can be released is.
        """
        if not self._is_connected:
            return
        with hold_back_interrupts(lambda: self._tell("the arm is let down first")) as interrupts:
            try:
                self._go_to_rest(interrupts)
            finally:
                self._release()

    def _go_to_rest(self, interrupts: HeldInterrupts) -> None:
        guarded = self._guarded
        if guarded.lost is not None or guarded.fault is not None:
            return
        if self._is_halted:  # who stopped it on its own way does not want it to set off again
            self._tell("the arm was stopped on its own way: it is let down where it is, hold it")
            return
        body, speed = self.embodiment, self._slow_speed
        try:
            # By way of the home position: the straight way down would sweep over the table.
            away = np.abs(guarded.command - np.asarray(body.rest_position)).max()
            postures = [body.home_position] if away > NEAR_REST else []
            for posture in (*postures, body.rest_position):
                move_slowly(guarded, posture, speed, self.clock, lambda: interrupts.requested)
        except RobotError as error:
            self._tell(f"the arm is let down where it is: {error}")

    def _release(self) -> None:
        port = self.servos.bus.port
        try:
            if self._guarded.lost is None:
                self._guarded.release(self._release_s)
        except LinkLostError:
            pass  # said below
        except RobotError as error:
            self._tell(f"a servo may still have torque, switch the power off: {error}")
        finally:
            self._is_connected = False
            atexit.unregister(self.close)
            self.servos.bus.close()
            self._cameras.close()
        if self._guarded.lost is not None:
            self._tell(f"{port} is gone: the arm may hold with full torque; switch its power off")

    def _require_connected(self) -> None:
        if not self._is_connected:
            raise RobotError(f"{self.embodiment.name} is not connected: call connect() first")

    def get_health(self) -> RobotHealth:
        """Counts since it was connected, and the newest readings; see `Robot.get_health`."""
        health = self._guarded.get_health()
        counters = {**health.counters, **self._cameras.counters}
        return dataclasses.replace(health, counters=counters)

    @property
    def settings(self) -> Mapping[str, str]:
        """Robot id, hash of the calibration, limits turned off, watchdog; see `Robot.settings`.

        Raises:
            RobotError: if there is no calibration, or a damaged one.
        """
        return {
            "robot_id": self.servos.robot_id,
            "calibration": self.servos.calibration.digest,
            "limits_off": ", ".join(self.limits.off) or "none",
            "watchdog": "none" if self._watchdog_s is None else f"{self._watchdog_s:g} s",
        }

    def diagnose(self) -> list[Finding]:
        """Looks at the servos without moving them; see `Robot.diagnose`."""
        name = self.embodiment.name
        try:
            self.servos.open()
            state = self.servos.read()
            torque = self.servos.find_torque()
        except RobotError as error:
            return [Finding(name, Status.MISSING, str(error))]
        finally:
            self.servos.bus.close()
        problems = self._guarded.find_problems(state)
        volts = [servo.voltage_v for servo in state.servos.values()]
        detail = (
            f"{len(volts)} servos on {self.servos.bus.port}, calibration"
            f" {self.servos.calibration.digest[:8]}, {min(volts):.1f} to {max(volts):.1f} V,"
            f" hottest {max(s.temperature_c for s in state.servos.values()):.0f} °C,"
            f" torque {'on' if any(torque.values()) else 'off'}"
        )
        status = Status.WARNING if problems else Status.OK
        return [Finding(name, status, detail, "; ".join(problems))]
