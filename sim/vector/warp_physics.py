"""`WarpPhysics`: the physics of many worlds in one batch on a GPU, by MuJoCo Warp."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import mujoco
import numpy as np

from robolearn.errors import IncompatibleError, MissingDependencyError, RobolearnError
from robolearn.sim.world import World

# Room on the GPU for each world; our tabletops need a third of it.
MAX_CONTACTS = 64
MAX_CONSTRAINTS = 320

DEVICE = "cuda:0"  # the first GPU

# What is carried to the GPU, by its name there; all but the controls comes back.
_FIELDS = {
    mujoco.mjtState.mjSTATE_QPOS: "qpos",
    mujoco.mjtState.mjSTATE_QVEL: "qvel",
    mujoco.mjtState.mjSTATE_ACT: "act",
    mujoco.mjtState.mjSTATE_WARMSTART: "qacc_warmstart",
    mujoco.mjtState.mjSTATE_CTRL: "ctrl",
    mujoco.mjtState.mjSTATE_MOCAP_POS: "mocap_pos",
    mujoco.mjtState.mjSTATE_MOCAP_QUAT: "mocap_quat",
}
_INPUTS = ("ctrl", "mocap_pos", "mocap_quat")
_SIGNATURE = sum(int(bit) for bit in _FIELDS)


def require_gpu() -> None:
    """Says at once what is missing.

    Raises:
        MissingDependencyError: if MuJoCo Warp or a GPU is missing.
    """
    warp, _ = _import_warp()
    if not warp.is_cuda_available():
        raise MissingDependencyError(
            "engine 'warp' needs an NVIDIA GPU with its driver: use engine='threads'"
        )


class WarpPhysics:
    """Advances worlds of one and the same model together, in single precision.

    Before each run the state of every world goes to the GPU, and afterwards it comes back, one copy
    per world each way: so tasks place, read and judge as ever, in a world's own `MjData`. What they
    read beside positions and velocities (contacts, sites, sensors) `take_over` computes anew on the
    CPU, from the state after the run; a world stepped by `mj_step` has there what is one physics
    step old.
    """

    def __init__(self, worlds: Sequence[World], substeps: int, device: str = DEVICE) -> None:
        """Makes room on the device and compiles its programs: a minute or two the first time.

        Args:
            worlds: with equal models.
            substeps: physics steps of one run.
            device: as Warp names it.

        Raises:
            MissingDependencyError: if MuJoCo Warp is missing.
            IncompatibleError: if the models differ, or have something MuJoCo Warp cannot simulate.
        """
        self._warp, engine = _import_warp()
        self._worlds, self._substeps = list(worlds), substeps
        self._model = worlds[0].model
        if any(_to_bytes(world.model) != _to_bytes(self._model) for world in worlds[1:]):
            raise IncompatibleError("worlds on a GPU must have one model: one task and one robot")
        self._device = self._warp.get_device(device)
        sizes = {bit: mujoco.mj_stateSize(self._model, bit) for bit in _FIELDS}
        ends = np.cumsum(list(sizes.values())).tolist()
        self._columns = {
            name: slice(end - sizes[bit], end)
            for (bit, name), end in zip(_FIELDS.items(), ends, strict=True)
        }
        self._states = np.zeros((len(worlds), ends[-1]))
        with self._warp.ScopedDevice(self._device):
            try:
                self._batch_model = engine.put_model(self._model)
                self._batch = engine.put_data(
                    self._model,
                    mujoco.MjData(self._model),
                    nworld=len(worlds),
                    nconmax=MAX_CONTACTS,
                    njmax=MAX_CONSTRAINTS,
                )
            except NotImplementedError as error:
                raise IncompatibleError(f"MuJoCo Warp cannot simulate this: {error}") from error
            self._launch = self._capture(engine)

    def run(self) -> None:
        """Advances every world; `take_over` then brings the result to where it is read.

        Raises:
            RobolearnError: if a world has diverged or has too many contacts; it is named.
        """
        for row, world in enumerate(self._worlds):
            mujoco.mj_getState(self._model, world.data, self._states[row], _SIGNATURE)
        with self._warp.ScopedDevice(self._device):
            for name, columns in self._columns.items():
                there = getattr(self._batch, name)
                if there.size:
                    there.assign(self._states[:, columns].astype(np.float32).reshape(_shape(there)))
            self._launch()
            for name, columns in self._columns.items():
                there = getattr(self._batch, name)
                if there.size and name not in _INPUTS:
                    self._states[:, columns] = there.numpy().reshape(len(self._worlds), -1)
            self._check(self._batch.nefc.numpy())

    def advance_on_device(self) -> None:
        """Advances what is on the device, and waits: the share of `run` that is physics."""
        with self._warp.ScopedDevice(self._device):
            self._launch()
            self._warp.synchronize()

    def take_over(self, row: int, num_steps: int) -> None:
        """Puts the result of the last run into a world: its `advance`."""
        assert num_steps == self._substeps, f"{num_steps} steps of {self._substeps}"
        data = self._worlds[row].data
        mujoco.mj_setState(self._model, data, self._states[row], _SIGNATURE)
        data.time += num_steps * self._model.opt.timestep
        mujoco.mj_forward(self._model, data)
        # `mj_forward` leaves there what it found; the GPU goes on from what it knows itself.
        data.qacc_warmstart[:] = self._states[row, self._columns["qacc_warmstart"]]

    def _capture(self, engine: Any) -> Callable[[], None]:
        """Returns what advances the batch: on a GPU one CUDA graph."""

        def advance() -> None:
            for _ in range(self._substeps):
                engine.step(self._batch_model, self._batch)

        advance()  # compiles
        if not self._device.is_cuda:
            return advance
        with self._warp.ScopedCapture() as capture:
            advance()
        return lambda: self._warp.capture_launch(capture.graph)

    def _check(self, num_constraints: Any) -> None:
        diverged = np.flatnonzero(~np.isfinite(self._states).all(axis=1))
        if diverged.size:
            raise RobolearnError(f"the physics of world {diverged[0]} has diverged on the GPU")
        crowded = np.flatnonzero(num_constraints > MAX_CONSTRAINTS)
        if crowded.size:
            raise RobolearnError(
                f"world {crowded[0]} has {num_constraints[crowded[0]]} constraints, and the GPU has"
                f" room for {MAX_CONSTRAINTS}: use engine='threads'"
            )


def _shape(there: Any) -> tuple[int, ...]:
    """Returns the shape of an array on the device with its vectors as a further axis."""
    vector = getattr(there.dtype, "_shape_", ())
    return (*there.shape, *vector)


def _to_bytes(model: mujoco.MjModel) -> bytes:
    buffer = np.empty(mujoco.mj_sizeModel(model), np.uint8)
    mujoco.mj_saveModel(model, None, buffer)
    return buffer.tobytes()


def _import_warp() -> tuple[Any, Any]:
    try:
        import mujoco_warp
        import warp
    except ImportError as error:
        raise MissingDependencyError(
            f"engine 'warp' needs MuJoCo Warp ({error}): pip install 'robolearn[warp]'"
        ) from error
    return warp, mujoco_warp
