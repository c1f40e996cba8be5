"""`PlantActuator`: what an emulated device drives and measures in a MuJoCo world."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from robolearn.errors import RobotError
from robolearn.plant import ActuatorState, Drive, ImuState
from robolearn.sim.world import World


class PlantActuator(Protocol):
    """One actuator of a body, as `Plant.drive` and `Plant.measure` need it."""

    def drive(self, drive: Drive, target: float, max_effort: float) -> None:
        """Sets what it does from now on; see `Plant.drive`."""
        ...

    def measure(self) -> ActuatorState:
        """Returns what it does at this moment; see `Plant.measure`."""
        ...


@runtime_checkable
class HasImu(Protocol):
    """A body model that carries an inertial sensor."""

    def measure_imu(self, world: World) -> ImuState:
        """Returns what the sensor sees at this moment."""
        ...


class ServoActuator:
    """A position servo with the joint it drives.

    Torque is limited where it reaches the joint, with what the servo spends on carrying the arm's
    weight: so a servo without torque lets the arm sink, slowed by the friction of its gears, and a
    weak one may not hold it. The limits are fields of the model; this world is the plant's own.
    """

    def __init__(self, world: World, name: str, stall_torque_nm: float) -> None:
        """Takes hold of a servo that is named like its joint; it is off.

        Args:
            world: the plant's own world.
            name: of servo and joint.
            stall_torque_nm: what it gives at full effort [N m].
        """
        self.name = name
        self._joint = world.joint(name)
        self._data = world.data
        self._servo = world.model.actuator(name).id
        joint = world.model.joint(name)
        self._joint_index, self._dof = joint.id, int(joint.dofadr[0])
        self._model = world.model
        self._stall_torque_nm = stall_torque_nm
        self._model.jnt_actgravcomp[self._joint_index] = True
        self._model.jnt_actfrclimited[self._joint_index] = True
        self._command: tuple[Drive, float, float] | None = None
        self.drive(Drive.OFF, 0.0, 1.0)

    def drive(self, drive: Drive, target: float, max_effort: float) -> None:
        """Follows an angle [rad], or lets go.

        What was said last is not said again: a device that repeats its goal does not pull the arm
        back there after an episode has put it elsewhere.

        Raises:
            RobotError: for a drive that a position servo does not have.
        """
        command = (drive, target, max_effort)
        if command == self._command:
            return
        if drive not in (Drive.OFF, Drive.POSITION):
            raise RobotError(
                f"servo {self.name!r} cannot drive by {drive.value}:"
                " it can be off or hold a position"
            )
        self._command = command
        most_nm = max_effort * self._stall_torque_nm if drive is Drive.POSITION else 0.0
        self._model.actuator_forcerange[self._servo] = -most_nm, most_nm
        self._model.jnt_actfrcrange[self._joint_index] = -most_nm, most_nm
        if drive is Drive.POSITION:
            self._data.ctrl[self._servo] = target

    def measure(self) -> ActuatorState:
        """Angle and speed of the joint, and the torque on it, the arm's weight included."""
        effort_nm = float(self._data.qfrc_actuator[self._dof])
        return ActuatorState(self._joint.position, self._joint.velocity, effort_nm)
