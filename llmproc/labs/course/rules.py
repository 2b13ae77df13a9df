"""`--course` as one object: everything in which the exercise's prompt loop differs from the ordinary one."""

from __future__ import annotations

from llmproc.labs.course.template import END, CourseTemplate
from llmproc.labs.course.text import CPrinter
from llmproc.session.rules import ChatRules, TurnRules

PROMPTS = 4
TOKENS = 255  # sampled in a turn; the closing id and a token that is thrown away follow

COURSE = ChatRules(
    template=CourseTemplate(),
    turn=TurnRules(TOKENS, END),
    text=CPrinter,
    every_token=True,
    prompt_limit=PROMPTS,
    commands=False,
    cancels=False,
    whole_turn_speed=True,
    quiet=True,
    threads=1,
    c_order=True,
    local_files=True,
    last_chance_s=120.0,
    first_death=True,
)
