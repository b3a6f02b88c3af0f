"""The JSON API of `contract.md`: shapes in, shapes out.

Knows nothing of rules: a route reads its input, finds the user, and calls one act. Annotations
are evaluated here (no `__future__` import), because FastAPI reads the local `Asking` at run time.
"""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query, Request
from fastapi.concurrency import run_in_threadpool
from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    StrictBool,
    StrictFloat,
    StrictInt,
    StrictStr,
)

from accounts.identity import Identity
from accounts.permissions import User
from actions import Actions, Json, Wish
from errors import BadInput
from language import choose
from moderation.models import State
from moderation.policy import Reason, as_reasons
from moderation.presentation import Credit, Said
from text import check_text
from web.description import describe


def _readable(value: str) -> str:
    """JSON can carry halves of characters that no database and no page can."""
    check_text("text", value, _TEXT_LIMIT)
    return value


_TEXT_LIMIT = 1_000_000  # the body's own limit is far below; fields have limits of their own
Text = Annotated[StrictStr, AfterValidator(_readable)]


class Input(BaseModel):
    """Fields that are not known are refused, so a misspelt one is noticed."""

    model_config = ConfigDict(extra="forbid")


class CreditInput(Input):
    name: Text
    role: Text = ""
    link: Text = ""


class SaidInput(Input):
    """What a creator says of a clip. What is left out stays as it is."""

    title: Text | None = None
    shares_prompt: StrictBool | None = None
    licence: Text | None = None
    credits: Annotated[list[CreditInput], Field(max_length=100)] | None = None

    def said(self) -> Said:
        others = None
        if self.credits is not None:
            others = tuple(Credit(**each.model_dump()) for each in self.credits)
        return Said(self.title, self.shares_prompt, self.licence, others)


class ClipInput(SaidInput):
    prompt: Text
    negative_prompt: Text | None = None
    preset: Text | None = None
    seed: StrictInt | None = None
    num_frames: StrictInt | None = None
    width: StrictInt | None = None
    height: StrictInt | None = None
    num_inference_steps: StrictInt | None = None
    guidance_scale: StrictFloat | StrictInt | None = None
    parent_id: Text | None = None
    note: Text = ""
    variants: StrictInt = 1
    first_frame: Text | None = None


class ReadingInput(Input):
    prompt: Text


class AppealInput(Input):
    text: Text


class PauseInput(Input):
    what: Text = "all"
    message: Text | None = None


class WordsInput(Input):
    label: Text
    text: Text
    next: Text


class ReasonInput(Input):
    code: Text
    en: WordsInput
    fr: WordsInput
    retired: StrictBool = False


class PolicyInput(Input):
    version: Text
    reasons: Annotated[list[ReasonInput], Field(max_length=200)]

    def seen(self) -> int:
        if not self.version.isascii() or not self.version.isdigit() or len(self.version) > 9:
            rule = "the version that was edited, as /api/v1/policy says it"
            raise BadInput(field="version", value=self.version, rule=rule, step="Send that.")
        return int(self.version)

    def as_reasons(self) -> list[Reason]:
        rows = self.model_dump()["reasons"]
        return list(as_reasons(rows))


def language_of(request: Request) -> str:
    return choose(request.headers.get("accept-language", ""))


def _states(text: str) -> list[str]:
    wanted = [name for name in text.split(",") if name]
    for name in wanted:
        if name not in set(State):
            known = ", ".join(member.value for member in State)
            raise BadInput(field="state", value=name, rule=f"one of {known}", step="Use one.")
    return wanted


def openapi_route(routers: list[APIRouter]) -> APIRouter:
    """The description of every route that a script may use."""
    router = APIRouter()

    @router.get("/api/v1/openapi.json", include_in_schema=False)
    def openapi() -> dict[str, Any]:
        return describe(routers)

    return router


def api_routes(actions: Actions, identity: Identity) -> APIRouter:
    router = APIRouter(prefix="/api/v1")

    def current_user(request: Request) -> User:
        return identity.current_user(request)

    Asking = Annotated[User, Depends(current_user)]  # noqa: N806  (a type)

    # ---- creators -------------------------------------------------------------------------

    @router.post("/clips", status_code=202)
    def create(wish: ClipInput, user: Asking) -> Json:
        """Send a prompt to the shared pipeline."""
        fields = wish.model_dump(exclude=set(SaidInput.model_fields))
        return actions.create(user, Wish(**fields, said=wish.said()))

    @router.post("/reading")
    def reading(asked: ReadingInput, user: Asking) -> Json:
        """How the model would read a prompt: what it knows, what it does not, what it assumes."""
        return actions.reading(user, asked.prompt)

    @router.post("/frames", status_code=201)
    async def keep_frame(request: Request, user: Asking) -> Json:
        """Take a picture (the body itself: JPEG, PNG or WebP) as the first frame of a clip."""
        data = await request.body()
        return await run_in_threadpool(actions.keep_frame, user, data)

    @router.get("/surprise")
    def surprise(user: Asking) -> Json:
        """A prompt that the loaded model can really do."""
        return actions.surprise(user)

    @router.get("/allowance")
    def allowance(user: Asking) -> Json:
        """How much the asker may send now, and the arithmetic behind it."""
        return actions.allowance(user)

    @router.get("/clips")
    def own_clips(
        user: Asking,
        mine: int = 1,
        state: str | None = None,
        q: str = "",
        cursor: str | None = None,
    ) -> Json:
        """One's own clips, newest first; `state` takes several, with commas between them."""
        if mine != 1:
            rule = "this list holds one's own clips only"
            raise BadInput(field="mine", value=mine, rule=rule, step="Use /api/v1/gallery for all.")
        return actions.mine(user, states=_states(state or ""), cursor=cursor, text=q)

    @router.get("/clips/{clip_id}")
    def one_clip(clip_id: str, request: Request) -> Json:
        """One clip, with the fields that the asker may read."""
        # Asked every second by everyone who waits, beside a pipeline that keeps all cores busy:
        # a dependency of its own would be a second wait for a thread.
        return actions.clip(identity.current_user(request), clip_id)

    @router.get("/clips/{clip_id}/statements")
    def statements(clip_id: str, user: Asking) -> Json:
        """Every decision on a clip, explained: for its creator and those who see held clips."""
        return actions.statements(user, clip_id)

    @router.get("/clips/{clip_id}/statements/{statement_id}.json")
    def statement(
        clip_id: str,
        statement_id: str,
        request: Request,
        user: Asking,
        style: Annotated[Literal["plain", "dsa"], Query(alias="format")] = "plain",
    ) -> Json:
        """One statement of reasons; `format=dsa`: in the shape of the DSA's Article 17."""
        language = language_of(request)
        return actions.statement(user, clip_id, statement_id, style=style, language=language)

    @router.post("/clips/{clip_id}/cancel")
    def cancel(clip_id: str, user: Asking) -> Json:
        return actions.cancel(user, clip_id)

    @router.post("/clips/{clip_id}/retry")
    def retry(clip_id: str, user: Asking) -> Json:
        return actions.retry(user, clip_id)

    @router.post("/clips/{clip_id}/final", status_code=202)
    def final(clip_id: str, user: Asking) -> Json:
        """Render a draft again at the full number of steps, with its prompt and seed."""
        return actions.final(user, clip_id)

    @router.post("/clips/{clip_id}/delete")
    def delete(clip_id: str, user: Asking) -> Json:
        """Take an ended clip of one's own away for good, words and files."""
        return actions.delete(user, clip_id)

    @router.post("/clips/{clip_id}/appeal")
    def appeal(clip_id: str, words: AppealInput, user: Asking) -> Json:
        """Have somebody else look at one's rejected clip again."""
        return actions.appeal(user, clip_id, words.text)

    @router.post("/clips/{clip_id}/withdraw")
    def withdraw(clip_id: str, user: Asking) -> Json:
        return actions.withdraw(user, clip_id)

    # ---- everyone -------------------------------------------------------------------------

    @router.get("/me")
    def me(user: Asking) -> Json:
        """Who the asker is, and which tabs are of use to them."""
        acts = {"create": "create clips", "review": "review", "administer": "administer"}
        acts |= {"curate": "curate"}
        return {
            "name": user.name,
            "role": user.role.value if user.role else "anon",
            "can": [short for short, act in acts.items() if user.may(act)],
        }

    @router.get("/model")
    def model() -> Json:
        """What the loaded model can do: sizes, lengths, steps, and what else it takes."""
        return actions.model()

    @router.get("/policy")
    def review_policy(request: Request, version: int | None = None) -> Json:
        """The reasons that a decision can name, of the newest version or of an older one."""
        return actions.review_policy(version, language_of(request))

    @router.put("/policy")
    def publish_policy(draft: PolicyInput, request: Request, user: Asking) -> Json:
        """Publish a new version: all reasons, with those that were retired. `version`: the one
        that was edited."""
        reasons = draft.as_reasons()
        return actions.publish_policy(user, draft.seen(), reasons, language_of(request))

    @router.post("/policy/preview")
    def preview_policy(draft: PolicyInput, user: Asking) -> Json:
        """What publishing a draft would change."""
        return actions.preview_policy(user, draft.seen(), draft.as_reasons())

    @router.get("/stats")
    def stats() -> Json:
        return actions.statistics()

    # ---- admins ---------------------------------------------------------------------------

    @router.post("/pause")
    def pause(user: Asking, wanted: PauseInput | None = None) -> Json:
        chosen = wanted or PauseInput()
        return actions.pause(user, chosen.what, chosen.message)

    @router.post("/resume")
    def resume(user: Asking, wanted: PauseInput | None = None) -> Json:
        return actions.resume(user, (wanted or PauseInput()).what)

    return router
