"""A model node: prompt rendered, model asked, tools called for it, reply held to the node's type."""

import json
from collections.abc import Iterator, Sequence

import attrs

from agraph.compiler.ir import (
    Expression,
    FieldOf,
    Inbox,
    Json,
    Message,
    Messages,
    ModelCall,
    Node,
    NodeIndex,
    Slot,
    Template,
)
from agraph.compiler.types import STR, Type
from agraph.runtime.attachments import Attachment
from agraph.runtime.attempts import Attempt, with_attempts
from agraph.runtime.calls import Calls
from agraph.runtime.errors import ReplyError
from agraph.runtime.evaluation import Waiting
from agraph.runtime.events import ToolAnswered
from agraph.runtime.examples import example_turns
from agraph.runtime.expressions import Scope, immediate
from agraph.runtime.fallback import ask_in_order
from agraph.runtime.frame import Frame
from agraph.runtime.models.protocol import Reply, Request, Turn
from agraph.runtime.offers import answer_all, offers
from agraph.runtime.open_model import OpenModel
from agraph.runtime.templates import prompt, template
from agraph.runtime.values import MisfitError, json_schema, parse_reply


def model_node(node: Node, work: ModelCall, scope: Scope, model: OpenModel, calls: Calls) -> Waiting:
    """The node's work as a computation that waits for the model."""
    question_of = prompt(work.prompt, lambda part: immediate(part.value, scope))
    system = None if work.system is None else template(work.system, lambda part: immediate(part.value, scope))
    offered = offers([scope.tools[index] for index in work.tools])
    definitions = tuple(offer.definition for offer in offered.values())
    schema = None if node.type == STR else json_schema(node.type)
    shown = shown_senders(work, scope)
    examples = example_turns(work.prompt, work.examples)
    fixed_system = not any(isinstance(part, Slot) for part in work.system or ())

    def request(frame: Frame) -> Request:
        written = question_of(frame)
        return Request(
            system=None if system is None else system(frame),
            turns=(*examples, Turn("user", written.text, files=written.files)),
            tools=definitions,
            schema=schema,
            node=node.name,
            row=frame.row.key,
            heard=tuple(message for sender in shown if _is_said(message := frame.values[sender])),
            truth=frame.row.truth,
            examples=len(examples),
            fixed_system=fixed_system,
        )

    async def converse(frame: Frame, attempt: Attempt) -> Json:
        async def ask(asked: OpenModel, question: Request) -> Reply:
            reply = await calls.ask(
                asked, question, draw=attempt.number, share=node.cache, timeout=attempt.timeout,
                run=frame.run, variant=frame.variant,
            )  # fmt: skip
            frame.used(node.name, reply.usage)
            return reply

        question = request(frame)
        models: Sequence[OpenModel] = model.in_order
        turns_left = work.max_turns
        mended = False
        while True:
            # Who took over goes on: what a model thought means nothing to another.
            models, question, reply = await ask_in_order(models, question, ask, calls.listener)
            turns_left -= 1
            if reply.calls:
                if turns_left < 1:
                    raise ReplyError(f"no answer within {work.max_turns} turns: it still calls tools")
                results = await answer_all(reply.calls, offered)
                if calls.listener is not None:
                    for call, result in zip(reply.calls, results, strict=True):
                        calls.listener(ToolAnswered(node.name, frame.row.key, call, result))
                answer = Turn("user", "", results=results)
            else:
                try:
                    return parse_reply(node.type, reply.text)
                except MisfitError as error:
                    if mended:
                        raise ReplyError(f"the reply does not fit: {error}") from None
                    mended = True
                    answer = Turn("user", _complaint(error, node.type))
            said = Turn("assistant", reply.text, calls=reply.calls, blocks=reply.blocks)
            question = attrs.evolve(question, turns=(*question.turns, said, answer))

    return Waiting(with_attempts(node, converse))


def _is_said(message: Json) -> bool:
    """Whether a message is an answer that a simulated model can hold against the right one."""
    return message is not None and not isinstance(message, Attachment)


def _complaint(error: MisfitError, type_: Type) -> str:
    schema = json.dumps(json_schema(type_))
    return (
        f"This reply does not fit: {error}. Reply again, with JSON of this schema and nothing else: {schema}"
    )


def shown_senders(work: ModelCall, scope: Scope) -> tuple[NodeIndex, ...]:
    """The senders whose messages the prompt or the system text shows, in declaration order."""
    shown: set[NodeIndex] = set()
    for part in _slots(work.prompt, work.system or ()):
        shown.update(_senders(part.value, scope))
    return tuple(sorted(shown & scope.heard))


def _slots(*templates: Template) -> Iterator[Slot]:
    return (part for parts in templates for part in parts if isinstance(part, Slot))


def _senders(expression: Expression, scope: Scope) -> Sequence[NodeIndex]:
    match expression:
        case Message(sender):
            return (sender,)
        case Messages(senders):
            return senders
        case Inbox():
            return [sender for sender, _ in scope.inbox]
        case FieldOf(value, _):
            return _senders(value, scope)
        case _:
            return ()
