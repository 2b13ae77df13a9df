"""Shapes of questions, per facet, that fit any subject; and entry(), the short way to write one subject down.

A facet is the kind of thing asked about a subject: `what` it is, `why` one wants it, `how` it works, and so on.
Placeholders: {a} the subject with its article ("a pipe"), {n} without ("pipe"), {pl} its plural ("pipes").
A template whose placeholder the subject lacks is skipped. Capitals and end marks are put on later, by augment.py.
"""

import re

FACETS: dict[str, str] = {
    "what": """
what is {a}
what is {a}
what is {a}
what's {a}
whats {a}
what are {pl}
what are {pl}
what exactly is {a}
what actually is {a}
what on earth is {a}
what the heck is {a}
so what is {a}
what is meant by {n}
what is meant by {a}
what do you mean by {n}
what do people mean by {n}
what do they mean when they say {n}
what does {n} mean
what does the word {n} mean
what does the term {n} mean
what does {n} stand for
what does {a} do
what do {pl} do
what is {n}
what is a {n} in computing
what is {a} in an operating system
what is {a} in simple words
what is {a} in one sentence
what kind of thing is {a}
what sort of thing is {a}
what can you tell me about {pl}
what can you tell me about {a}
what do you know about {pl}
what do you know about {a}
what would you call {a} in plain words
who or what is {a}
explain {n}
explain {a}
explain {pl}
explain {a} to me
explain {a} to a beginner
explain {a} to a child
explain {a} like I am five
explain {pl} in plain English
explain what {a} is
explain what {pl} are
explain the idea of {a}
explain the term {n}
explain the concept of {a}
define {n}
define {a}
define the term {n}
definition of {n}
{n} definition
give a definition of {n}
give me a definition of {a}
give me a short definition of {n}
give me a short explanation of {a}
give me a quick summary of {pl}
give me the meaning of {n}
meaning of {n}
{n} meaning
tell me about {pl}
tell me about {a}
tell me what {a} is
tell me what {pl} are
tell me in one sentence what {a} is
tell me something about {pl}
tell me something about {a}
describe {a}
describe {n}
describe {pl}
describe {a} in simple words
describe {a} in one sentence
can you explain {a}
can you explain {pl}
can you explain what {a} is
can you explain what {pl} are
can you tell me what {a} is
can you describe {a}
can you define {n}
could you explain {a} to me
could you tell me what {n} means
would you explain {pl}
would you tell me what {a} is
do you know what {a} is
do you know what {pl} are
do you know {n}
have you heard of {pl}
have you heard of {n}
I do not understand {pl}
I do not understand {a}
I don't get {pl}
I don't know what {a} is
I do not know what {pl} are
I never understood what {a} is
I have no idea what {a} is
I want to know what {a} is
I want to learn about {pl}
I want to understand {a}
I would like to know what {a} is
I'd like to learn about {n}
I need to know what {a} is
I keep hearing about {pl}, what are they
I keep hearing about {n}, what is it
I heard the word {n}, what is it
I read about {a} and did not get it
my teacher mentioned {a}, what is that
my teacher spoke of {pl}, what are they
someone told me about {a}, what is it
my friend asked me what {a} is
the book talks about {a}, what is that
help me understand {a}
help me understand {pl}
teach me about {pl}
teach me what {a} is
remind me what {a} is
remind me what {pl} are
what was {a} again
how would you explain {a}
how would you define {a}
how would you describe {a}
how do you define {n}
how can {a} be described
in short, what is {a}
in a few words, what is {a}
briefly, what is {a}
{n}
{n}
{a}
{n}, what is it
{n} - what is that
{pl}, what are they
{n} please explain
{n} explained
about {pl}
is {a} something I should know about
what is the idea behind {a}
what is the idea of {a}
what should I know about {pl}
what should I know about {a}
question about {pl}: what are they
quick question, what is {a}
an introduction to {pl}
introduce me to {pl}
any idea what {a} is
any clue what {pl} are
wtf is {a}
what is this {n} thing
what is this {n} everyone talks about
""",
    "why": """
why do we need {a}
why do we need {pl}
why do we have {pl}
why do {pl} exist
why does {a} exist
why is there {a}
why are there {pl}
why use {a}
why use {pl}
why would I use {a}
why would anyone use {pl}
why would I want {a}
why do people use {pl}
why do people use {n}
why is {a} useful
why are {pl} useful
why is {a} important
why are {pl} important
why does {a} matter
why do {pl} matter
why should I care about {pl}
why should I care about {a}
what is {a} for
what is {a} good for
what is {a} used for
what are {pl} for
what are {pl} good for
what are {pl} used for
what is the point of {a}
what is the point of {pl}
what is the purpose of {a}
what is the use of {a}
what is the use of {pl}
what is the reason for {a}
what is the benefit of {a}
what are the benefits of {pl}
what do we need {a} for
what do I need {pl} for
what do people use {pl} for
what problem does {a} solve
what good is {a}
tell me why we need {pl}
tell me why {a} is useful
tell me what {a} is for
explain why we need {a}
explain why {pl} exist
explain the purpose of {a}
give me a reason to use {a}
who needs {pl}
who needs {a}
is {a} useful for anything
are {pl} useful for anything
are {pl} any use
do I need {pl} at all
purpose of {a}
""",
    "how": """
how does {a} work
how does {a} work
how do {pl} work
how do {pl} work
how does {n} work
how is {a} done
how does {a} work exactly
how does {a} function
how do {pl} function
how does {a} actually work
how does {a} operate
explain how {a} works
explain how {pl} work
explain the way {a} works
tell me how {a} works
tell me how {pl} work
describe how {a} works
describe how {pl} work
can you explain how {a} works
could you tell me how {pl} work
I want to know how {a} works
I do not understand how {a} works
I don't get how {pl} work
what is going on inside {a}
what happens with {a}
what is the way {a} works
what is the mechanism behind {a}
what is behind {a}
show me how {a} works
in simple words, how does {a} work
do you know how {a} works
teach me how {pl} work
""",
    "example": """
give me an example of {a}
give me an example of {n}
give an example of {a}
give an example for {pl}
can you give me an example of {a}
can you give an example of {n}
could you show me an example of {a}
show me an example of {a}
show me an example of {n}
show me {a}
what is an example of {a}
what would be an example of {a}
what are some examples of {pl}
what are examples of {pl}
name an example of {a}
name one example of {a}
name some {pl}
an example of {a}
example of {n}
example of {a}
{n} example
examples of {pl}
I need an example of {a}
I would like to see an example of {a}
do you have an example of {a}
do you have an example for {n}
tell me an example of {a}
what does {a} look like in practice
where do I meet {pl} in real life
where do I see {a} in practice
""",
    "more": """
tell me more about {pl}
tell me more about {a}
tell me more about {n}
tell me another thing about {pl}
tell me another thing about {a}
what else can you say about {pl}
what else can you say about {a}
what else should I know about {a}
what else is there to know about {pl}
more about {pl}
more about {n}
more on {n}
more details about {a}
more details on {pl}
give me more details about {a}
I want to know more about {pl}
I want to know more about {a}
I know what {a} is, tell me more
I know what {pl} are, what else
explain {a} in more detail
explain {pl} in more depth
go deeper into {pl}
an interesting fact about {pl}
tell me a fact about {a}
something interesting about {pl}
""",
    "when": """
when do I use {a}
when do I use {n}
when do I need {a}
when do you need {pl}
when should I use {a}
when should I use {n}
when should I choose {a}
when would I use {a}
when would I want {a}
when would you use {n}
when is {a} used
when are {pl} used
when is {a} useful
when is {a} the right choice
when is it a good idea to use {a}
in which case do I use {a}
in what situation would I use {a}
tell me when to use {a}
tell me when I need {a}
explain when to use {a}
for what should I use {a}
should I use {a}
should I use {n}
""",
    "cause": """
why does {a} happen
why do {pl} happen
why does {n} happen
why do I get {a}
why do I get {pl}
why do we get {pl}
why do {pl} occur
why do {pl} appear
why is there {a}
what causes {a}
what causes {pl}
what causes {n}
what is the cause of {a}
what is the reason for {a}
what leads to {a}
what leads to {pl}
what makes {a} happen
what brings about {a}
how does {a} happen
how does {a} come about
how do {pl} come about
how do {pl} arise
how does {a} arise
how do I get {a}
where do {pl} come from
where does {a} come from
when does {a} happen
when do {pl} happen
when do I get {a}
when does {a} occur
explain why {a} happens
explain why {pl} happen
tell me what causes {a}
tell me why {pl} happen
can you tell me what causes {pl}
""",
    "bad": """
why is {a} bad
why are {pl} bad
why is {n} bad
why is {a} a problem
why are {pl} a problem
why is {n} a problem
why is {a} dangerous
why are {pl} dangerous
why are {pl} harmful
is {a} bad
are {pl} bad
is {a} dangerous
are {pl} dangerous
are {pl} harmful
is {a} a problem
are {pl} a problem
should I worry about {pl}
should I worry about {a}
what is bad about {a}
what is wrong with {pl}
what is the problem with {a}
what is the problem with {pl}
what harm does {a} do
what harm do {pl} do
does {a} do any harm
do {pl} hurt
what is so bad about {pl}
do I need to fear {pl}
""",
    "stop": """
how do I stop {a}
how do I end {a}
how do I kill {a}
how can I stop {a}
how can I end {a}
how can I get rid of {a}
how do I get rid of {a}
how do I get rid of {pl}
how do I remove {a}
how do I remove {pl}
how to stop {a}
how to kill {a}
how to get rid of {pl}
how to end {a}
how do you kill {pl}
how do you stop {a}
how is {a} ended
how does one stop {a}
what do I do to stop {a}
what can I do to get rid of {a}
what is the way to end {a}
tell me how to stop {a}
tell me how to get rid of {pl}
show me how to kill {a}
I want to stop {a}
I want to get rid of {a}
I have to kill {a}, how
which command stops {a}
can I kill {a}
can {a} be stopped
can {pl} be killed
""",
    "avoid": """
how do I avoid {a}
how do I avoid {pl}
how do I prevent {a}
how do I prevent {pl}
how can I avoid {a}
how can I avoid {pl}
how can I prevent {pl}
how can {a} be avoided
how can {pl} be prevented
how do I fix {a}
how can I fix {a}
how do I solve {a}
how do I deal with {pl}
how do I protect against {pl}
how do I protect my program from {pl}
how do we avoid {n}
how do you prevent {n}
how to avoid {a}
how to prevent {pl}
how to fix {a}
what can I do against {pl}
what can I do against {a}
what helps against {pl}
what helps against {a}
what is the cure for {a}
what is the remedy for {pl}
ways to avoid {pl}
tell me how to avoid {pl}
tell me how to prevent {a}
explain how to avoid {a}
is there a way to avoid {pl}
can {pl} be avoided
can {a} be prevented
""",
    "make": """
how do I make {a}
how do I create {a}
how do I start {a}
how do I get {a}
how can I make {a}
how can I create {a}
how can I start {a}
how to make {a}
how to create {a}
how to start {a}
how do you create {pl}
how do you start {a}
how is {a} made
how is {a} created
how are {pl} made
how are {pl} created
how is {a} born
how does {a} come into being
how does one create {a}
where do {pl} come from
which call makes {a}
which function creates {a}
what do I call to make {a}
what creates {a}
what makes {a}
I want to make {a}
I want to create {a}
I need to create {a}, how
I need {a}, how do I make one
tell me how to create {a}
tell me how to make {a}
show me how to start {a}
explain how to create {a}
""",
    "see": """
how do I see {a}
how do I see {pl}
how do I find {a}
how do I find {pl}
how do I list {pl}
how do I list all {pl}
how do I check for {pl}
how do I look at {a}
how do I recognise {a}
how do I spot {a}
how do I detect {pl}
how can I see {a}
how can I see {pl}
how can I see all {pl}
how can I list {pl}
how can I find {pl}
how can I tell {a}
how to see {pl}
how to list {pl}
how to find {a}
how to spot {pl}
how to check {a}
where do I see {a}
where do I find {a}
where can I see {pl}
where can I find {pl}
which command shows {a}
which command shows {pl}
which command lists {pl}
what shows me {a}
what shows me {pl}
show me how to list {pl}
tell me how to find {pl}
I want to see {pl}
I want to see {a}
I want to list {pl}
""",
    "use": """
how do I use {a}
how do I use {pl}
how do I use {n}
how can I use {a}
how can I use {n}
how to use {a}
how to use {n}
how do you use {n}
how is {a} used
how is {n} used
how are {pl} used
show me how to use {a}
tell me how to use {n}
tell me how to use {a}
explain how to use {a}
teach me to use {n}
I want to use {a}, how
what do I do with {a}
what can I do with {a}
usage of {n}
""",
    "size": """
how big is {a}
how big are {pl}
how large is {a}
how large are {pl}
what is the size of {a}
what size is {a}
what size are {pl}
size of {a}
how much is {a}
how long is {a}
tell me the size of {a}
tell me how big {a} is
do you know how big {a} is
how many bytes is {a}
""",
    "where": """
where is {a}
where are {pl}
where is {a} kept
where are {pl} kept
where does {a} live
where do {pl} live
where is {a} stored
where are {pl} stored
where do I find {a}
where can I find {a}
where can {a} be found
in which place is {a}
tell me where {a} is
tell me where {pl} are kept
""",
}

# Questions about the subject of the turn before, which they do not name.
FOLLOW: dict[str, str] = {
    "what": """
what is it
what is that
and what is that
what does that mean
what is that in one sentence
say what it is
""",
    "why": """
why
why
why is that
and why
why is that useful
why is it useful
why is this useful
what is it good for
what is that good for
what is it for
what is it used for
and what is it for
why do we need it
why do I need that
why do we need that
why would I use it
why would I want that
why does it exist
why is it important
what is the point
what is the point of it
what is the use of that
why should I care
why does it matter
what is the benefit
and the purpose
""",
    "how": """
how
how does it work
how does that work
how does this work
and how does it work
and how does that work
how do they work
how does it do that
how is that done
how does it happen
how exactly
how come it works
explain how it works
tell me how it works
can you explain how that works
""",
    "example": """
an example
an example please
example
for example
give me an example
give me an example please
give an example
can you give me an example
can you give an example
could you give me an example
can I have an example
can I see an example
do you have an example
show me an example
show me one
such as
like what
and an example
I need an example
with an example please
what is an example
what would be an example of that
""",
    "more": """
more
tell me more
tell me more about it
tell me more about that
tell me more please
more please
more details
more about that
more about it
go on
continue
and
what else
what else is there
what else should I know
what else can you say about it
anything else
is there more
can you say more
can you tell me more
say more
a bit more please
I want to know more
in more detail
keep going
""",
    "simple": """
can you say that simpler
can you say that more simply
can you say it in simpler words
can you explain that simpler
say it simpler
say that in simple words
simpler please
simpler
in simple words
in simpler words please
shorter please
shorter
say it shorter
can you make it shorter
in short
in one sentence
too complicated
too long
that is too hard for me
I did not understand that
I don't understand
I do not get it
I don't get it
huh
explain it like I am five
explain that to a child
explain it to a beginner
what does that mean in plain words
in plain English please
put it simply
""",
    "when": """
when
when do I use it
when do I use that
when should I use it
when would I use that
when do I need it
when do I need that
and when do I need it
and when
when is that useful
in which case
should I use it
""",
    "cause": """
why
why
why does it happen
why does that happen
why does this happen
why is that
how does that happen
how does it happen
how can that happen
how come
what causes it
what causes that
what is the cause
what is the reason
where does it come from
when does it happen
when does that happen
and why does it happen
""",
    "bad": """
why is that bad
why is it bad
is that bad
is it bad
is that a problem
why is that a problem
is it dangerous
is that dangerous
should I worry
is this harmful
does it do harm
what is wrong with that
and is that bad
""",
    "stop": """
how do I stop one
how do I stop it
how do I stop that
how do I kill one
how do I kill it
how do I end one
how do I end it
how do I get rid of it
how do I get rid of one
how do I get rid of them
and how do I stop one
and how do I stop it
and how do I get rid of it
how can I stop it
how can I kill one
can I stop it
can I kill it
how do I remove it
how do I make it go away
how to stop it
""",
    "avoid": """
how do I avoid it
how do I avoid that
how do I avoid them
how do I prevent it
how do I prevent that
how can I avoid it
how can I avoid that
how can I prevent it
how can it be avoided
how do I fix it
how do I fix that
how can I fix it
and how do I avoid it
and how do I prevent that
and how do I fix that
what can I do about it
what can I do against it
what helps
what should I do
can it be avoided
can I avoid it
can I fix it
""",
    "make": """
how do I make one
how do I create one
how do I start one
how do I get one
and how do I make one
and how do I create one
and how do I start one
how can I make one
how can I create one
how is it made
how is one made
how is one created
how are they made
how to make one
I want one, how
can I make one
how do you make them
""",
    "see": """
how do I see it
how do I see them
how do I list them
how do I find one
how do I find them
how do I find it
how can I see it
how can I see one
how can I see them
how can I list them
how can I check that
how do I check it
and how do I list them
and how do I see it
and how do I find one
where can I see it
where do I see that
which command shows it
can I see it
how do I spot one
how do I recognise one
""",
    "use": """
how do I use it
how do I use that
how do I use one
how can I use it
and how do I use it
how is it used
how to use it
what do I do with it
what can I do with it
show me how to use it
""",
    "size": """
how big is it
how big are they
how large is it
how large is that
what size is it
and how big is it
and the size
how big
how long is it
how much is that
""",
    "where": """
where is it
where is that
where are they
where is it kept
where does it live
and where is it
where can I find it
where
""",
    "again": """
again
again please
say that again
say it again
can you repeat that
can you say that again
repeat that please
repeat please
once more
once more please
pardon
sorry, what was that
what did you say
come again
one more time
""",
}

# The same question about another subject: "And a thread?"
ANOTHER = """
and {a}
and {a}
and {a}
and {a}
and {n}
and {pl}
and what about {a}
and what about {pl}
and how about {a}
and what of {a}
and for {a}
and with {pl}
and the same for {a}
what about {a}
what about {a}
what about {pl}
what about {n}
how about {a}
how about {pl}
ok, and {a}
ok and {n}
okay, and {a}
now {a}
now {n}
now {pl}
now the same for {a}
then {a}
same question for {a}
same for {a}
same for {pl}
the same for {a} please
also {a}
{a} too
{a}
{n}
{pl}
good, and {a}
I see, and {a}
thanks, and {a}
thank you, and {pl}
great, what about {a}
cool, and {a}
next: {n}
"""

# Differences, as a first question: {a}, {b} with articles, {an} and {bn} without, {apl} and {bpl} plural.
PAIR = """
what is the difference between {a} and {b}
what is the difference between {a} and {b}
what is the difference between {an} and {bn}
what is the difference of {a} and {b}
what's the difference between {a} and {b}
whats the difference between {a} and {b}
what are the differences between {apl} and {bpl}
what makes {a} different from {b}
what distinguishes {a} from {b}
what separates {a} from {b}
which is the difference between {a} and {b}
how do {a} and {b} differ
how do {apl} and {bpl} differ
how does {a} differ from {b}
how does {a} differ from {b}
how is {a} different from {b}
how is {a} different from {b}
how are {apl} different from {bpl}
how are {a} and {b} different
how would you compare {a} and {b}
how does {a} compare to {b}
how can I tell {a} from {b}
how do I tell {a} from {b}
explain the difference between {a} and {b}
explain the difference between {apl} and {bpl}
explain how {a} differs from {b}
explain {an} vs {bn}
tell me the difference between {a} and {b}
tell me the difference between {an} and {bn}
tell me how {a} and {b} differ
describe the difference between {a} and {b}
give me the difference between {a} and {b}
can you explain the difference between {a} and {b}
can you tell me how {a} differs from {b}
can you compare {a} with {b}
could you explain how {apl} differ from {bpl}
do you know the difference between {a} and {b}
compare {a} and {b}
compare {a} with {b}
compare {apl} and {bpl}
difference between {a} and {b}
difference between {an} and {bn}
{an} vs {bn}
{an} versus {bn}
{an} vs. {bn}
{a} or {b}, what is the difference
{apl} vs {bpl}
{apl} and {bpl}: how do they differ
{apl} or {bpl}, which is which
is {a} the same as {b}
is {a} the same thing as {b}
is {a} just {b}
is there a difference between {a} and {b}
are {apl} the same as {bpl}
are {apl} and {bpl} the same thing
are {a} and {b} the same
aren't {apl} just {bpl}
I always mix up {apl} and {bpl}
I always confuse {a} with {b}
I mix up {an} and {bn}
I can not tell {a} from {b}
I do not understand the difference between {a} and {b}
I don't get how {a} differs from {b}
my teacher wants the difference between {a} and {b}
why are {a} and {b} not the same
why is {a} not {b}
"""

# Differences, as a later question, when the two subjects have just been named.
PAIR_FOLLOW = """
how do they differ
how do they differ
how do the two differ
how do these two differ
how do those differ
how are they different
how are the two different
how are these different
how do they compare
how is one different from the other
and how do they differ
and the difference
and what is the difference
what is the difference
what is the difference
what is the difference between them
what is the difference between the two
what is the difference between these two
what's the difference
so what is the difference
so what is the difference between the two
so how do they differ
then what is the difference
compare them
compare the two
compare them please
can you compare them
can you compare the two
can you explain the difference
explain the difference
tell me the difference
difference
are they the same
are they the same thing
are they not the same
is that not the same
isn't that the same
is there a difference
which one is which
I mix them up, how do they differ
"""

# Differences, as a later question that names only the second subject.
PAIR_HALF = """
how does it differ from {b}
how does that differ from {b}
how is it different from {b}
how is that different from {b}
how does one differ from {b}
how does it compare to {b}
and how does it differ from {b}
what is the difference to {b}
what is the difference from {b}
and what is the difference to {b}
what's the difference to {b}
is that the same as {b}
is it the same as {b}
isn't that just {b}
is it not the same as {b}
so is it like {b}
compare it with {b}
compare that to {b}
and compared to {b}
and how is it different from {b}
"""

# Questions about the conversation: the answer names the last subject.
RECALL = """
what did I just ask
what did I ask
what did I ask you
what did I just ask you
what was my question
what was my last question
what were we talking about
what are we talking about
what is this about
which topic was that
do you remember what I asked
do you remember my question
can you remember what I asked
remind me what I asked
what did we just talk about
"""


def lines(text: str) -> list[str]:
    """The lines of a block that are not empty, stripped."""
    return [line.strip() for line in text.splitlines() if line.strip()]


def plural_of(noun: str) -> str:
    """A regular English plural, good enough for the nouns of the corpus."""
    if re.search(r"(s|x|z|ch|sh)$", noun):
        return noun + "es"
    if re.search(r"[^aeiou]y$", noun):
        return noun[:-1] + "ies"
    return noun + "s"


def article_of(noun: str) -> str:
    """a or an, by the sound of the first word; short all-capital words are spelt out letter by letter."""
    word = re.split(r"[ -]", noun)[0]
    if word.isupper() and len(word) <= 3:
        return "an" if word[0] in "AEFHILMNORSX" else "a"
    if re.match(r"(?i)(uni|use|one|eu|ut)", word):
        return "a"
    if re.match(r"(?i)(hour|honest)", word):
        return "an"
    return "an" if word[:1].lower() in "aeiou" else "a"


def entry(ident: str, names: str, article: str, plural: str, siblings: str, text: str, weight: float = 1.0) -> dict:
    """One subject as a dict of the corpus, from a short text.

    names and plural are lists parted by |, siblings by blanks. In the text a line `why:` opens a facet, `= ` an answer,
    `+ ` continues it, `> ` is a later question which does not name the subject, any other line is a first question.
    """
    answers: dict[str, list[str]] = {}
    asks: dict[str, list[str]] = {}
    follow: dict[str, list[str]] = {}
    facet = ""
    for line in lines(text):
        if re.fullmatch(r"[a-z_0-9]+:", line):
            facet = line[:-1]
            answers.setdefault(facet, [])
        elif not facet:
            raise ValueError(f"{ident}: text before the first facet: {line}")
        elif line.startswith("= "):
            answers[facet].append(line[2:])
        elif line.startswith("+ "):
            answers[facet][-1] += " " + line[2:]
        elif line.startswith("> "):
            follow.setdefault(facet, []).append(line[2:])
        else:
            asks.setdefault(facet, []).append(line)
    return {
        "id": ident,
        "names": [n for n in names.split("|") if n],
        "article": article,
        "answers": answers,
        "plural": [p for p in plural.split("|") if p],
        "asks": asks,
        "follow": follow,
        "siblings": siblings.split(),
        "weight": weight,
    }


def pair(a: str, b: str, text: str) -> dict:
    """One difference, of the subjects with ids a and b: `= ` an answer, `+ ` its continuation, the rest questions."""
    answers: list[str] = []
    asks: list[str] = []
    for line in lines(text):
        if line.startswith("= "):
            answers.append(line[2:])
        elif line.startswith("+ "):
            answers[-1] += " " + line[2:]
        else:
            asks.append(line)
    return {"a": a, "b": b, "answers": answers, "asks": asks}


def dialogue(text: str) -> list[tuple[str, str]]:
    """One conversation: lines `u ...` of the user and `b ...` of the model in turn; `+ ` continues a line."""
    said: list[str] = []
    for line in lines(text):
        if line.startswith("+ "):
            said[-1] += " " + line[2:]
        elif line.startswith("ub"[len(said) % 2] + " "):
            said.append(line[2:])
        else:
            raise ValueError(f"not the turn of this speaker: {line}")
    if len(said) % 2:
        raise ValueError(f"the last question has no answer: {said[-1]}")
    return list(zip(said[::2], said[1::2], strict=True))
