"""Serial ports with a USB description, by names that survive replugging."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from serial.tools import list_ports as pyserial
from serial.tools.list_ports_common import ListPortInfo

from robolearn.hardware import diagnostics


@dataclass(frozen=True)
class SerialPort:
    """A serial port.

    Attributes:
        name: its stable name where it has one, else its device; best for `port=`.
        device: e.g. `/dev/ttyACM0`, which may be another one tomorrow.
        description: what the adapter says it is.
    """

    name: str
    device: str
    description: str


def list_ports() -> list[SerialPort]:
    """Returns the serial ports there are.

    A port without a USB description is a socket on the main board, nearly always empty.
    """
    found = [port for port in pyserial.comports() if port.vid is not None]
    return [
        SerialPort(_find_name(port.device), port.device, _describe(port))
        for port in sorted(found, key=lambda port: port.device)
    ]


def _find_name(device: str) -> str:
    return str(diagnostics.find_stable_name(Path(device), diagnostics.SERIAL_BY_ID))


def _describe(port: ListPortInfo) -> str:
    """Maker, product and serial number where the adapter says them, and its USB ids."""
    words = [word for word in (port.manufacturer, port.product, port.serial_number) if word]
    return " ".join([*words, f"({port.vid:04x}:{port.pid or 0:04x})"])


class PortFinder:
    """Finds out which port is which by pulling a cable."""

    def __init__(self) -> None:
        """Remembers the ports there are."""
        self.before = list_ports()

    def find_vanished(self) -> list[SerialPort]:
        """Returns those that are gone by now."""
        present = {port.name for port in list_ports()}
        return [port for port in self.before if port.name not in present]
