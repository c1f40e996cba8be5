"""The commands there are: name, summary, module."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Command:
    """A command of the command line.

    Attributes:
        summary: one line for the help.
        module: the module with `run(config, folder)`; its YAML has the name of its last part.
        positional: the option that a bare word sets, if any.
    """

    summary: str
    module: str
    positional: str = ""

    @property
    def config_name(self) -> str:
        """Name of the command's YAML file in `configs/`."""
        return self.module.rpartition(".")[2]


COMMANDS = {
    "record": Command("record demonstrations into a store", "robolearn.cli.record"),
    "teleoperate": Command("steer a robot without recording", "robolearn.cli.teleoperate"),
    "calibrate": Command(
        "find out which servo steps are which joint positions", "robolearn.cli.calibrate"
    ),
    "find-port": Command(
        "list serial ports and find out which is which", "robolearn.cli.find_port"
    ),
    "train": Command("train a policy on a store", "robolearn.cli.train"),
    "evaluate": Command("run a policy on held-out starts", "robolearn.cli.evaluate", "checkpoint"),
    "replay": Command("play a stored episode back", "robolearn.cli.replay", "dataset"),
    "dataset info": Command("say what a store holds", "robolearn.cli.dataset_info", "dataset"),
    "dataset check": Command(
        "look for damage in a store; repair it on request",
        "robolearn.cli.dataset_check",
        "dataset",
    ),
    "suite list": Command(
        "list the suites, or the tasks of one", "robolearn.cli.suite_list", "suite"
    ),
    "suite show": Command(
        "say what a task of a suite is, and draw a start of it", "robolearn.cli.suite_show", "name"
    ),
    "suite render": Command(
        "draw a start of every task of a suite on one sheet", "robolearn.cli.suite_render", "suite"
    ),
    "suite store": Command(
        "store start states of every task of a suite", "robolearn.cli.suite_store", "suite"
    ),
    "suite generate": Command(
        "write new tasks, drawn from seeds, that an expert solves",
        "robolearn.cli.suite_generate",
        "output",
    ),
    "benchmark sim": Command(
        "measure the simulator beside its physics limit and robosuite",
        "robolearn.cli.benchmark_sim",
    ),
    "benchmark suites": Command(
        "load, reset and solve every task of every suite", "robolearn.cli.benchmark_suites"
    ),
    "benchmark cloning": Command(
        "behaviour cloning on the first tasks of each suite, plain and perturbed",
        "robolearn.cli.benchmark_cloning",
    ),
    "benchmark vector": Command(
        "measure many worlds at once beside the physics alone and others' vector environments",
        "robolearn.cli.benchmark_vector",
    ),
    "benchmark dataset": Command(
        "measure the loader beside HDF5 and ReplayBuffer layouts",
        "robolearn.cli.benchmark_dataset",
    ),
    "benchmark recording": Command(
        "measure how long the recorder holds a control loop",
        "robolearn.cli.benchmark_recording",
    ),
    "benchmark control": Command(
        "measure the rate a control loop reaches on a robot, beside a plain sleep loop",
        "robolearn.cli.benchmark_control",
    ),
    "benchmark robosuite": Command(
        "try every task and arm of robosuite behind our interface",
        "robolearn.cli.benchmark_robosuite",
    ),
    "benchmark metaworld": Command(
        "run Meta-World's tasks through our interface and beside it through its own",
        "robolearn.cli.benchmark_metaworld",
    ),
    "emulate": Command(
        "run a robot's devices and its twin in real time, for drivers to talk to",
        "robolearn.cli.emulate",
    ),
    "demo": Command("record, train, evaluate and report, in minutes", "robolearn.cli.demo"),
    "doctor": Command("say what this machine can do and what to install", "robolearn.cli.doctor"),
}
