"""Off-screen pictures of a world. Nothing here touches OpenGL before the first picture."""

from __future__ import annotations

import atexit
import contextlib
import ctypes
import functools
import importlib
import os
import weakref
from collections.abc import Iterable, Iterator
from typing import Any, Protocol

import mujoco
import numpy as np

from robolearn.errors import MissingDependencyError, RobolearnError, UnknownNameError
from robolearn.sim.scene import MAX_IMAGE_HEIGHT_PX, MAX_IMAGE_WIDTH_PX
from robolearn.sim.world_state import copy_configuration
from robolearn.specs import Array

BACK_ENDS = ("egl", "osmesa", "glfw")
MAX_GEOMS = 1000  # room in the abstract scene; ours have below 400


def find_back_end() -> str:
    """Returns the OpenGL back end to render with: the user's `MUJOCO_GL`, else EGL, else OSMesa.

    Raises:
        MissingDependencyError: if there is none; names the Debian packages.
        RobolearnError: if `MUJOCO_GL` names something else.
    """
    asked = os.environ.get("MUJOCO_GL", "").lower()
    if asked in BACK_ENDS:
        return asked
    if asked:
        raise RobolearnError(
            f"MUJOCO_GL={asked!r} cannot render off-screen; unset it or use {', '.join(BACK_ENDS)}"
        )
    if _has_egl_device():
        return "egl"
    if _load_library("libOSMesa.so.8", "libOSMesa.so") is not None:
        return "osmesa"
    raise MissingDependencyError(
        "no OpenGL library for off-screen rendering was found: cameras need EGL"
        " (Debian and Ubuntu: apt install libegl1) or OSMesa (apt install libosmesa6)."
        " Everything without cameras runs as it is."
    )


def _has_egl_device() -> bool:
    """Asks EGL itself: the library alone, without a driver behind it, is not enough."""
    library = _load_library("libEGL.so.1", "libEGL.so")
    if library is None:
        return False
    library.eglGetProcAddress.restype = ctypes.c_void_p
    address = library.eglGetProcAddress(b"eglQueryDevicesEXT")
    if not address:
        return False
    signature = ctypes.CFUNCTYPE(
        ctypes.c_uint, ctypes.c_int, ctypes.c_void_p, ctypes.POINTER(ctypes.c_int)
    )
    count = ctypes.c_int(0)
    answered = signature(address)(0, None, ctypes.byref(count))
    return bool(answered) and count.value > 0


def _load_library(*names: str) -> ctypes.CDLL | None:
    for name in names:
        with contextlib.suppress(OSError):
            return ctypes.CDLL(name)
    return None


class GlContext:
    """What OpenGL draws into; current in a thread only while that thread uses it."""

    def __init__(self, width_px: int, height_px: int) -> None:
        """Creates the context, whatever was chosen when mujoco was imported.

        Raises:
            MissingDependencyError: if no OpenGL library is found, or it does not work.
        """
        self._back_end = find_back_end()
        try:
            self._module: Any = importlib.import_module(f"mujoco.{self._back_end}")
            self._context = self._module.GLContext(width_px, height_px)
        except (ImportError, AttributeError, RuntimeError) as error:
            raise MissingDependencyError(
                f"the OpenGL back end {self._back_end!r} does not work here ({error});"
                " Debian and Ubuntu: apt install libegl1, or apt install libosmesa6 and set"
                " MUJOCO_GL=osmesa"
            ) from error

    @contextlib.contextmanager
    def use(self) -> Iterator[None]:
        """Makes the context current in this thread, one thread at a time."""
        self._context.make_current()
        try:
            yield
        finally:
            self._release()

    def free(self) -> None:
        """Destroys the context; it must not be current elsewhere."""
        self._context.free()

    def _release(self) -> None:
        """Lets go of the context: MuJoCo's would stay with its thread, even after that ended."""
        module = self._module
        if self._back_end == "egl":
            egl = module.EGL
            none = (egl.EGL_NO_SURFACE, egl.EGL_NO_SURFACE, egl.EGL_NO_CONTEXT)
            egl.eglMakeCurrent(module.EGL_DISPLAY, *none)
        elif self._back_end == "osmesa":
            module.osmesa.OSMesaMakeCurrent(None, None, module.GL.GL_FLOAT, 0, 0)
        else:
            module.glfw.make_context_current(None)


class Drawable(Protocol):
    """What can be drawn: a model with its state."""

    @property
    def model(self) -> mujoco.MjModel:
        """The compiled scene."""
        ...

    @property
    def data(self) -> mujoco.MjData:
        """Its state."""
        ...


class Renderer:
    """Draws one world, in any size up to the buffer's, through one OpenGL context.

    Any thread may draw, one at a time. Creating a context takes up to half a second, so a robot
    keeps one and closes it explicitly. One that was forgotten is closed when Python ends, before
    its libraries go.
    """

    def __init__(self, world: Drawable, hidden_geom_groups: Iterable[int] = ()) -> None:
        """Creates the context.

        Args:
            world: what to draw.
            hidden_geom_groups: groups of geoms that are left out.

        Raises:
            MissingDependencyError: if no OpenGL library is found.
        """
        self._world = world
        model = world.model
        self._data = mujoco.MjData(model)
        self._gl: GlContext | None = GlContext(MAX_IMAGE_WIDTH_PX, MAX_IMAGE_HEIGHT_PX)
        with self._gl.use():
            self._context = mujoco.MjrContext(model, mujoco.mjtFontScale.mjFONTSCALE_100)
            mujoco.mjr_setBuffer(mujoco.mjtFramebuffer.mjFB_OFFSCREEN, self._context)
        self._scene = mujoco.MjvScene(model, maxgeom=MAX_GEOMS)
        for flag in (mujoco.mjtRndFlag.mjRND_SHADOW, mujoco.mjtRndFlag.mjRND_REFLECTION):
            self._scene.flags[flag] = False
        self._option = mujoco.MjvOption()
        for group in hidden_geom_groups:
            self._option.geomgroup[group] = False
        self._camera = mujoco.MjvCamera()
        self._camera.type = mujoco.mjtCamera.mjCAMERA_FIXED
        self._camera_ids = {model.camera(index).name: index for index in range(model.ncam)}
        self._at_exit = functools.partial(_close, weakref.ref(self))
        atexit.register(self._at_exit)

    def render(self, camera: str, height_px: int, width_px: int) -> Array:
        """Draws the present state.

        Returns:
            uint8 RGB, upright, shape (height_px, width_px, 3).

        Raises:
            UnknownNameError: if the scene has no such camera.
            RobolearnError: if the size does not fit the buffer, or the renderer is closed.
        """
        if self._gl is None:
            raise RobolearnError("this renderer is closed")
        if camera not in self._camera_ids:
            raise UnknownNameError("camera", camera, self._camera_ids, "in the scene")
        if not (0 < height_px <= MAX_IMAGE_HEIGHT_PX and 0 < width_px <= MAX_IMAGE_WIDTH_PX):
            raise RobolearnError(
                f"an image of {height_px} x {width_px} px cannot be rendered:"
                f" the largest is {MAX_IMAGE_HEIGHT_PX} x {MAX_IMAGE_WIDTH_PX}"
            )
        model, data = self._world.model, self._update_poses()
        self._camera.fixedcamid = self._camera_ids[camera]
        everything = mujoco.mjtCatBit.mjCAT_ALL
        mujoco.mjv_updateScene(
            model, data, self._option, None, self._camera, everything, self._scene
        )
        viewport = mujoco.MjrRect(0, 0, width_px, height_px)
        image = np.empty((height_px, width_px, 3), np.uint8)
        with self._gl.use():
            mujoco.mjr_render(viewport, self._scene, self._context)
            mujoco.mjr_readPixels(image, None, viewport, self._context)
        return np.ascontiguousarray(image[::-1])  # OpenGL's first row is the lowest

    def render_smoothly(self, camera: str, height_px: int, width_px: int) -> Array:
        """Draws twice as large and averages, which smooths the edges; else as `render`."""
        large = self.render(camera, 2 * height_px, 2 * width_px)
        blocks = large.reshape(height_px, 2, width_px, 2, 3)
        return np.asarray(blocks.mean(axis=(1, 3)).round(), np.uint8)

    def _update_poses(self) -> mujoco.MjData:
        """Returns the poses of the present state.

        After a step those in the world's own data are one physics step old. They stay so: whoever
        reads them shall find the same whether there are cameras or not.
        """
        copy_configuration(self._world.data, self._data)
        mujoco.mj_kinematics(self._world.model, self._data)
        mujoco.mj_camlight(self._world.model, self._data)
        return self._data

    def close(self) -> None:
        """Frees the context. Allowed any number of times."""
        if self._gl is None:
            return
        atexit.unregister(self._at_exit)
        with self._gl.use():
            self._context.free()
        self._gl.free()
        self._gl = None


def _close(renderer: weakref.ref[Renderer]) -> None:
    """Closes a renderer if it is still there."""
    forgotten = renderer()
    if forgotten is not None:
        forgotten.close()
