"""`run_episode`: the only step loop. Recorder, video, metrics and displays are observers of it."""

from __future__ import annotations

import enum
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Protocol

from robolearn import keys
from robolearn.environment import Environment
from robolearn.errors import RobolearnError
from robolearn.policy import Policy, Segment
from robolearn.specs import Array
from robolearn.teleoperator import Event, Teleoperator
from robolearn.timing import real_time


class Actor(enum.IntEnum):
    """Who chose an action."""

    POLICY = 0
    PERSON = 1


@dataclass(frozen=True)
class EpisodeStart:
    """What is known when an episode begins.

    Attributes:
        instruction: the task in words.
        task: the task's name.
        seed: the seed of its start.
        observation: the first observation.
    """

    instruction: str
    task: str
    seed: int
    observation: Mapping[str, Array]


@dataclass(frozen=True)
class Step:
    """One exchange with the world: from `observation`, `action` was asked; the rest came of it.

    Attributes:
        index: 0 for the first step.
        observation: what was seen before acting.
        captured_s: when each stream of `observation` was captured, on the robot's clock [s].
        action: the action asked for.
        action_applied: the action the robot really applied.
        sent_s: when the action was sent [s].
        actor: who chose the action.
        reward: reward of the step.
        terminated: the task's own end came with this step.
        truncated: the time limit came with this step.
        success: the goal is reached after this step.
    """

    index: int
    observation: Mapping[str, Array]
    captured_s: Mapping[str, float]
    action: Array
    action_applied: Array
    sent_s: float
    actor: Actor
    reward: float
    terminated: bool
    truncated: bool
    success: bool


@dataclass(frozen=True)
class EpisodeResult:
    """How an episode went.

    Attributes:
        task: the task's name.
        instruction: the task in words.
        seed: the seed of its start.
        num_steps: steps taken.
        total_reward: sum of rewards.
        success: the goal was reached, by the task's verdict or, where a person gave one, by theirs.
        terminated: the task's own end came.
        truncated: the time limit came.
        event: what a person said to end it, or None.
        segments: which skills of the policy acted when; empty where a person acted too.
    """

    task: str
    instruction: str
    seed: int
    num_steps: int
    total_reward: float
    success: bool
    terminated: bool
    truncated: bool
    event: Event | None = None
    segments: tuple[Segment, ...] = ()


class EpisodeObserver(Protocol):
    """Watches episodes. Every method returns quickly: the robot is waiting."""

    def on_episode_start(self, start: EpisodeStart) -> None:
        """Called after the reset, before the first action."""
        ...

    def on_step(self, step: Step) -> None:
        """Called after every step."""
        ...

    def on_episode_end(self, result: EpisodeResult) -> None:
        """Called once when the episode ended by itself or by a person's word."""
        ...

    def on_episode_abort(self, error: BaseException) -> None:
        """Called instead of `on_episode_end` when an exception ended the episode.

        Also when `on_episode_start` itself raised; the robot has been stopped.
        """
        ...


def run_episode(
    environment: Environment,
    policy: Policy | None = None,
    observers: Sequence[EpisodeObserver] = (),
    *,
    seed: int | None = None,
    teleoperator: Teleoperator | None = None,
) -> EpisodeResult:
    """Runs one episode to its end.

    Args:
        environment: where it happens.
        policy: chooses the actions, unless the person does.
        observers: watch every step.
        seed: names the start; None draws one from the environment's generator.
        teleoperator: a person's device; its action, when it gives one, goes before the policy's,
            and its events end the episode. A policy that gets the robot back from a person is reset
            first: what it had planned belongs to another place.

    Returns:
        How it went.

    Raises:
        RobolearnError: if nobody acts, or as the environment raises; the robot is stopped first and
            the observers are told.
    """
    # Here, where every real-time episode passes by, and before the reset: nothing moves meanwhile.
    with real_time(environment.robot.clock):
        result = _run_to_end(environment, policy, observers, teleoperator, seed)
    with ExitStack() as calls:
        for observer in reversed(observers):
            calls.callback(observer.on_episode_end, result)
    return result


def _run_to_end(
    environment: Environment,
    policy: Policy | None,
    observers: Sequence[EpisodeObserver],
    teleoperator: Teleoperator | None,
    seed: int | None,
) -> EpisodeResult:
    """Resets and runs the steps; an exception stops the robot and tells the observers."""
    told: list[EpisodeObserver] = []
    try:
        if teleoperator is not None:
            environment.robot.is_stop_asked = teleoperator.is_stop_asked
        observation, info = environment.reset(seed=seed)
        start = EpisodeStart(
            environment.task.instruction, environment.task.name, info["seed"], observation
        )
        if policy is not None:
            policy.reset(start.instruction, start.seed)
        if teleoperator is not None:
            teleoperator.reset(observation)
        for observer in observers:
            told.append(observer)
            observer.on_episode_start(start)
        return _run_steps(environment, policy, observers, teleoperator, start, info["captured_s"])
    except BaseException as error:
        # An ExitStack calls them all, last in first out, even if one of them raises; such an error
        # then names this one as its context.
        with ExitStack() as calls:
            for observer in reversed(told):
                calls.callback(observer.on_episode_abort, error)
            calls.callback(environment.robot.stop)
            raise


def _run_steps(
    environment: Environment,
    policy: Policy | None,
    observers: Sequence[EpisodeObserver],
    teleoperator: Teleoperator | None,
    start: EpisodeStart,
    captured_s: Mapping[str, float],
) -> EpisodeResult:
    """The loop itself: choose, step, tell the observers, until something ends it."""
    observation = start.observation
    total_reward, num_steps = 0.0, 0
    terminated = truncated = success = False
    event: Event | None = None
    actor = Actor.POLICY
    did_person_act = False
    while not (terminated or truncated):
        action, last_actor, actor = None, actor, Actor.POLICY
        if teleoperator is not None:
            command = teleoperator.get_command(observation)
            event = command.event
            if event is not None:
                break
            if command.action is not None:
                action, actor = command.action, Actor.PERSON
                did_person_act = True
        if action is None:
            if policy is None:
                raise RobolearnError("nobody acts: neither a policy nor the person gave an action")
            if last_actor is Actor.PERSON:
                policy.reset(start.instruction, start.seed)
            action = policy.select_action(observation)
        following, reward, terminated, truncated, info = environment.step(action)
        success = info["is_success"]
        step = Step(
            index=num_steps,
            observation=observation,
            captured_s=captured_s,
            action=action,
            action_applied=info[keys.ACTION_APPLIED],
            sent_s=info["sent_s"],
            actor=actor,
            reward=reward,
            terminated=terminated,
            truncated=truncated,
            success=success,
        )
        for observer in observers:
            observer.on_step(step)
        observation, captured_s = following, info["captured_s"]
        total_reward += reward
        num_steps += 1
    if event is not None:
        environment.robot.stop()
        success = event is Event.SUCCESS or (event is Event.END and success)
    return EpisodeResult(
        task=start.task,
        instruction=start.instruction,
        seed=start.seed,
        num_steps=num_steps,
        total_reward=total_reward,
        success=success,
        terminated=terminated,
        truncated=truncated,
        event=event,
        segments=() if policy is None or did_person_act else tuple(policy.get_segments()),
    )
