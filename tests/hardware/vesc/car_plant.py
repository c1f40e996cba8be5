"""A car without physics, for tests: wheels and steering that lag, and an inertial sensor."""

import numpy as np

from robolearn.plant import ImuState, LagPlant

ERPM_PER_MPS = 4614.0
WHEEL_RADIUS_M = 0.033
ERPM_PER_RADPS = ERPM_PER_MPS * WHEEL_RADIUS_M
REST_MPS2 = (0.0, 0.0, 9.80665)


class CarPlant(LagPlant):
    """Its sensor shows what the test puts there."""

    def __init__(self):
        super().__init__(("motor", "steering"))
        self.acceleration_mps2 = np.array(REST_MPS2)
        self.angular_velocity_radps = np.zeros(3)

    def measure_imu(self):
        return ImuState(self.acceleration_mps2, self.angular_velocity_radps)

    @property
    def speed_mps(self):
        return self.measure("motor").velocity_radps * WHEEL_RADIUS_M

    @property
    def steering_rad(self):
        return self.measure("steering").position_rad
