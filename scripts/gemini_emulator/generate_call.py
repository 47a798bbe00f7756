"""What the stand-in says to a conversation: the task's reply, a fault's damage, the token limit."""

import asyncio
from collections.abc import Sequence

from scripts.gemini_emulator.conversation import Conversation, TaskKind
from scripts.gemini_emulator.fault_effects import ReplyFaults
from scripts.gemini_emulator.faults import Fault
from scripts.gemini_emulator.generation import BLOCKING_REASONS, Generation
from scripts.gemini_emulator.tasks.obedience import obey_answers
from scripts.gemini_emulator.tasks.reply import as_text, structured_reply, text_reply
from scripts.gemini_emulator.tokens import cut_to_tokens


async def generate(
    conversation: Conversation,
    faults: Sequence[Fault],
    reply_faults: ReplyFaults,
    *,
    seed: int,
    model: str,
    identifier: str,
) -> Generation:
    effects = {fault.effect for fault in faults}
    blocked = next((effect for effect in BLOCKING_REASONS if effect in effects), None)
    text, finish_reason = "", "STOP"
    if blocked is not None:
        finish_reason = BLOCKING_REASONS[blocked]
    elif not effects & {"safety_prompt", "no_candidates"}:
        text = await _text(conversation, faults, reply_faults, seed)
        if "cut_json" in effects:
            finish_reason = "MAX_TOKENS"
        if conversation.max_output_tokens is not None:
            kept = cut_to_tokens(text, conversation.max_output_tokens)
            finish_reason = finish_reason if kept == text else "MAX_TOKENS"
            text = kept
    return Generation(
        text=text,
        finish_reason=finish_reason,
        prompt_tokens=conversation.prompt_tokens,
        model=model,
        identifier=identifier,
        prompt_blocked="safety_prompt" in effects,
        no_candidates="no_candidates" in effects,
    )


async def _text(
    conversation: Conversation, faults: Sequence[Fault], reply_faults: ReplyFaults, seed: int
) -> str:
    if conversation.kind is TaskKind.TRANSCRIBE:
        # Reading a PDF takes seconds of CPU; other calls go on meanwhile.
        reply = await asyncio.to_thread(structured_reply, conversation, seed)
    else:
        reply = structured_reply(conversation, seed)
    if reply is None:
        text = text_reply(conversation)
    else:
        for fault in faults:
            reply = (
                obey_answers(reply, conversation.data, fault.parameters)
                if fault.effect == "obey"
                else reply_faults.change_data(reply, fault)
            )
        text = as_text(reply, conversation)
    for fault in faults:
        text = reply_faults.change_text(text, fault)
    return text
