"""Every sentence a person reads on failure, and the HTTP status that goes with it.

Knows nothing of the rest of Greenlight. An error is a class; its `says` names the value and the
rule, its `fix` the next step. Both are templates filled from the keyword arguments, which stay
readable as `error.facts`.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import ClassVar

_LONGEST_TEXT = 300
_LONGEST_NUMBER = 30


class GreenlightError(Exception):
    """Base of all of ours: `code` for programs, `message` and `fix` for people."""

    status: ClassVar[int] = 500
    code: ClassVar[str] = "internal"
    says: ClassVar[str] = "Something went wrong on our side."
    fix_says: ClassVar[str] = "Try again; if it happens again, tell the operator what you did."

    def __init__(self, **facts: object) -> None:
        self.facts = {name: _short(value) for name, value in facts.items()}
        facts = self.facts
        self.message = self.says.format(**facts)
        self.fix = self.fix_says.format(**facts)
        super().__init__(f"{self.message} {self.fix}")

    def as_json(self) -> dict[str, str]:
        return {"code": self.code, "message": self.message, "fix": self.fix}


def complain(error: GreenlightError) -> int:
    """Say it on a terminal. Returns the exit status."""
    sys.stderr.write(f"{error.message} {error.fix}\n")
    return 2


def _short(value: object) -> object:
    """A value as an error repeats it: its beginning, when somebody sent a novel."""
    if isinstance(value, int) and abs(value) >= 10**_LONGEST_NUMBER:
        return f"a number of more than {_LONGEST_NUMBER} digits"
    if isinstance(value, str) and len(value) > _LONGEST_TEXT:
        return value[: _LONGEST_TEXT - 1] + "…"
    return value


# ---- the start ----------------------------------------------------------------------------


class CannotStart(GreenlightError):
    code = "cannot_start"
    says = "Greenlight could not start: {why}."
    fix_says = "Mend that, or choose another place with GREENLIGHT_DATA, GREENLIGHT_HOST or GREENLIGHT_PORT."


class NoInstance(GreenlightError):
    code = "no_instance"
    says = "There is no Greenlight in {folder}: {missing} is not there."
    fix_says = "Point GREENLIGHT_DATA at the folder of the instance."


class BadSetting(GreenlightError):
    code = "bad_setting"
    says = "{name} is {value!r}: {rule}."
    fix_says = "Correct or unset {name} and start again."


class AnotherProcess(GreenlightError):
    code = "another_process"
    says = "Another Greenlight process owns the database {path}."
    fix_says = "Stop it first, or give this one its own GREENLIGHT_DATA."


class OldSqlite(GreenlightError):
    code = "old_sqlite"
    says = "SQLite is version {found}; the job engine needs 3.42 on Python 3.12 and later."
    fix_says = "Use Python 3.10 or 3.11 here, or a Python that brings a newer SQLite."


class UnknownModel(GreenlightError):
    code = "unknown_model"
    says = "The model {model!r} cannot be used: {why}."
    fix_says = (
        "Set GREENLIGHT_MODEL to 'embedded', the name of a preset (docs/models.md), a Hub id, or a "
        "folder with a text-to-video pipeline."
    )


# ---- input --------------------------------------------------------------------------------


class BadInput(GreenlightError):
    status = 422
    code = "bad_input"
    says = "{field} is {value!r}: {rule}."
    fix_says = "{step}"


class NotJson(GreenlightError):
    status = 400
    code = "not_json"
    says = "The body is not valid JSON: {why}."
    fix_says = "Send a JSON object with Content-Type: application/json."


class EmptyPrompt(BadInput):
    code = "empty_prompt"
    says = "The prompt is empty; a clip needs words."
    fix_says = "Describe what should be seen, for example: a red ball bouncing in a meadow."


class TextTooLong(BadInput):
    code = "text_too_long"
    says = "{field} has {length} characters; the longest allowed is {limit}."
    fix_says = "Shorten it by at least {over} characters."


class UnknownPreset(BadInput):
    code = "unknown_preset"
    says = "The preset {value!r} does not exist here; this Greenlight has {known}."
    fix_says = "Use one of them, or leave preset out."


class NoDraft(BadInput):
    code = "no_draft"
    says = "This clip is no draft: it was made with {steps} steps of the model {model}."
    fix_says = "Remix it instead; that opens its settings in Create."


class NoFirstFrame(BadInput):
    code = "no_first_frame"
    says = "The model {model} makes clips from words alone and takes no first frame."
    fix_says = "Describe the picture in the prompt."


class UnknownFrame(BadInput):
    code = "unknown_frame"
    says = "The first frame {value!r} is none that you sent here."
    fix_says = "Send the picture again and use the id that comes back."


class BadCursor(BadInput):
    status = 400
    code = "bad_cursor"
    says = "The cursor {value!r} is not one that this server gave out."
    fix_says = "Start again without a cursor."


class UnknownReason(BadInput):
    code = "unknown_reason"
    says = "The reason {value!r} is not in policy version {version}."
    fix_says = "Use codes from /api/v1/policy: {known}."


class UnknownPolicy(BadInput):
    status = 404
    code = "unknown_policy"
    says = "There is no version {value} of the review policy; the newest is {newest}."
    fix_says = "Ask for a version from 1 to {newest}, or for none to get the newest."


class StalePolicy(GreenlightError):
    status = 409
    code = "stale_policy"
    says = "You edited version {seen} of the review policy; version {version} is in force now."
    fix_says = "Load it again, make your changes there and publish them."


class SamePolicy(BadInput):
    code = "same_policy"
    says = (
        "This is version {version} of the review policy word for word; there is nothing to publish."
    )
    fix_says = "Change, add or retire a reason first."


class NothingRestricted(BadInput):
    code = "nothing_restricted"
    says = "The clip was {outcome} here; a DSA statement of reasons explains a restriction."
    fix_says = "Ask for it without format=dsa."


class AppealEmpty(BadInput):
    code = "appeal_empty"
    says = "An appeal needs words; this one has none."
    fix_says = "Write what the reviewer did not see, in a sentence or two, and send it again."


class AnswerMissing(BadInput):
    code = "answer_missing"
    says = "An appeal is answered with words, whatever you decide."
    fix_says = "Write to the creator what you saw, then decide."


class ReasonMissing(BadInput):
    code = "reason_missing"
    says = "The verdict {verdict} has no reason; the creator must learn at least one."
    fix_says = "Add one or more reason codes from /api/v1/policy."


class FrameUnknownKind(BadInput):
    code = "frame_unknown_kind"
    says = "The first frame is {found}; only JPEG, PNG and WebP pictures can be used."
    fix_says = "Open it in another program, save it as JPEG or PNG and send that."


class FrameBroken(BadInput):
    code = "frame_broken"
    says = "The first frame is a {kind} file that cannot be read: {why}."
    fix_says = "Check that it opens in another program, save it anew there and send that."


class FrameMoves(BadInput):
    code = "frame_moves"
    says = "The first frame is an animation; a clip begins with a single still picture."
    fix_says = "Save one picture of it as PNG and send that."


class FrameManyPixels(BadInput):
    code = "frame_many_pixels"
    says = "The first frame has {width} × {height} pixels; the most allowed are {limit} in all."
    fix_says = "Scale it down, for example to {better}, and send that."


class FrameFewPixels(BadInput):
    code = "frame_few_pixels"
    says = "The first frame has {width} × {height} pixels; each side needs {limit} or more."
    fix_says = "Send a larger picture."


class FrameManyBytes(BadInput):
    status = 413
    code = "frame_many_bytes"
    says = "The first frame has {size_bytes} bytes; the most allowed are {limit_mb} MiB."
    fix_says = "Save it smaller, for example as JPEG, and send that."


class WrongCode(BadInput):
    code = "wrong_code"
    says = "This code is wrong, older than {minutes} minutes, was tried too often, or there is a newer one."
    fix_says = "Type the six digits of the newest e-mail, or ask for a new code."


class NoMail(GreenlightError):
    status = 422
    code = "no_mail"
    says = "This Greenlight sends no e-mail: no mail server is set up."
    fix_says = "Use a webhook, or ask the operator to set GREENLIGHT_SMTP_URL."


class NoWebhooks(GreenlightError):
    status = 422
    code = "no_webhooks"
    says = "This Greenlight calls no webhooks: its operator has switched them off."
    fix_says = "Leave the webhook empty."


class BodyTooLarge(GreenlightError):
    status = 413
    code = "too_large"
    says = "The request body is larger than {limit_kb} KiB, the most this server takes."
    fix_says = "Send less."


# ---- who and what -------------------------------------------------------------------------


class SignInNeeded(GreenlightError):
    status = 401
    code = "sign_in_needed"
    says = "You are not signed in."
    fix_says = "Follow your invitation link, sign in, or send a bearer token."


class WrongPassword(GreenlightError):
    status = 401
    code = "wrong_password"
    says = "This name and password do not go together."
    fix_says = "Check both; without a password ask for a new invitation."


class NotAllowed(GreenlightError):
    status = 403
    code = "not_allowed"
    says = "The role {role} may not {action}."
    fix_says = "Ask an admin of this Greenlight for the role that may."


class OwnClip(GreenlightError):
    status = 403
    code = "own_clip"
    says = "This clip is your own; somebody else decides on it."
    fix_says = "Take the next clip in the queue."


class DecidedBefore(GreenlightError):
    status = 403
    code = "decided_before"
    says = "You have had your say in this clip; another look is somebody else's."
    fix_says = "Leave it to a colleague and take the next clip."


class NotFound(GreenlightError):
    status = 404
    code = "not_found"
    says = "There is nothing at this address."
    fix_says = "Check the link; a clip that is not published is only shown to those it concerns."


class CrossOrigin(GreenlightError):
    status = 403
    code = "cross_origin"
    says = "This request came from another site and was refused."
    fix_says = "Open Greenlight itself and act there; scripts use a bearer token."


class InviteUsed(GreenlightError):
    status = 404
    code = "invite_used"
    says = "This invitation was used, revoked or has expired."
    fix_says = "Ask the person who invited you for a new link."


class NameTaken(GreenlightError):
    status = 409
    code = "name_taken"
    says = "The name {name!r} is taken."
    fix_says = "Choose another, for example {name}-2."


class AccessEnded(GreenlightError):
    status = 409
    code = "access_ended"
    says = "The access of {name!r} was ended."
    fix_says = "Let the person come back under another name."


class UnknownPerson(GreenlightError):
    status = 404
    code = "unknown_person"
    says = "Nobody here is called {name!r}."
    fix_says = "See the list: python manage.py users"


class TooMany(GreenlightError):
    status = 429
    code = "too_many"
    says = "Too many tries to {action}."
    fix_says = "Wait {retry_after_s} seconds and try again."


class SlotsTaken(GreenlightError):
    status = 429
    code = "slots_taken"
    says = "{used} of your clips are in the making, and you may have {limit} at a time; {count} more are too many."
    fix_says = (
        "Wait until one is made, or cancel one. More places come with clips that are approved."
    )


class HourUsedUp(GreenlightError):
    status = 429
    code = "hour_used_up"
    says = "You sent {used} clips within an hour, and {limit} an hour is your share; {count} more are too many."
    fix_says = "Wait {retry_after_s} seconds and send it again."


class DayUsedUp(GreenlightError):
    status = 429
    code = "day_used_up"
    says = "Your clips kept the model busy for {used_s} seconds since yesterday; {limit_s} is your share of a day."
    fix_says = "Come back in some hours; older use is forgotten after a day."


class Paused(GreenlightError):
    status = 503
    code = "paused"
    says = "{message}"
    fix_says = "Nothing is lost; come back later."


class StorageFull(GreenlightError):
    status = 503
    code = "storage_full"
    says = "The storage of this Greenlight is full or cannot be written."
    fix_says = "Nothing was accepted; the operator has to make room, then send it again."


# ---- states -------------------------------------------------------------------------------


class Conflict(GreenlightError):
    status = 409
    code = "conflict"
    says = "The clip is {state}; {action} is not possible now."
    fix_says = "Load it again to see what happened."


class AlreadyDecided(Conflict):
    code = "already_decided"
    says = "{who} decided already: the clip is {state}."
    fix_says = "Take the next clip in the queue."


class ClaimLapsed(Conflict):
    code = "claim_lapsed"
    says = "Your claim ran out at {until}; meanwhile the clip could have gone to somebody else."
    fix_says = "Look at it once more, claim it again, then decide."


class NotTheHolder(GreenlightError):
    status = 409
    code = "not_the_holder"
    says = "You do not hold this clip any more."
    fix_says = "Claim it again, if nobody else has."


class UndoTooLate(Conflict):
    code = "undo_too_late"
    says = "A decision can be taken back for {seconds} seconds; the clip is {state} now."
    fix_says = "A lead can take a published clip down; the creator of a rejected one can appeal."


class UndoNotYours(GreenlightError):
    status = 403
    code = "undo_not_yours"
    says = "Only whoever made the last decision on a clip can take it back."
    fix_says = "Ask them, within the seconds that there are for it."


class OpinionGiven(GreenlightError):
    status = 409
    code = "opinion_given"
    says = "This was a check of agreement: what you said has changed nothing of the clip."
    fix_says = "There is nothing to take back. Take the next clip in the queue."


class AlreadyGolden(Conflict):
    code = "already_golden"
    says = "This clip was made golden before; its answer stays, because people have been told it."
    fix_says = "Choose another clip with the same answer."

    def __init__(self) -> None:
        super().__init__(state="golden", action="making it golden")


class NotGolden(GreenlightError):
    status = 404
    code = "not_golden"
    says = "This clip is not golden, or was retired already."
    fix_says = "See the list at /api/v1/review/golden."


class AppealFinal(Conflict):
    code = "appeal_final"
    says = "This rejection was an answer to your appeal, and is final."
    fix_says = "Send a new version of the clip, if you can change what was named."

    def __init__(self) -> None:
        super().__init__(state="rejected", action="appealing")


class StaleVersion(Conflict):
    code = "stale_version"
    says = "You saw version {seen} of the clip; it is at version {version} now ({state})."
    fix_says = "Load it again and decide on what you see then."


class ReasonsChanged(Conflict):
    code = "reasons_changed"
    says = (
        "You chose {codes} from version {seen} of the review policy; version {version} is in force "
        "now and reads otherwise."
    )
    fix_says = "Look at the reasons again, then decide."


class ClaimedByOther(Conflict):
    code = "claimed"
    says = "{who} is looking at this clip until {until}."
    fix_says = "Take the next clip in the queue, or come back then."


class BulkMovedOn(Conflict):
    """`refused`: what stood in the way, the code of an error by the id of the clip."""

    code = "bulk_moved_on"
    says = "{moved} of the {chosen} clips cannot be decided any more: {which}."
    fix_says = "Nothing was decided. Preview again and choose from what you see then."

    def __init__(self, *, refused: Mapping[str, str] | None = None, **facts: object) -> None:
        self.refused = dict(refused or {})
        super().__init__(**facts)


class PatternGone(Conflict):
    code = "pattern_gone"
    says = "The decision that these clips would follow does not stand any more."
    fix_says = "Nothing was decided. Preview again, or decide on these clips one by one."


class PreviewOver(GreenlightError):
    status = 409
    code = "preview_over"
    says = "This is no preview that was shown to you within the last {minutes} minutes."
    fix_says = "Nothing was decided. Preview again and choose from what you see then."


class NothingToConfirm(GreenlightError):
    status = 409
    code = "nothing_to_confirm"
    says = "No e-mail address of yours waits for a code."
    fix_says = "Load the settings again to see where they stand, or save an address first."


class NothingToReview(GreenlightError):
    status = 404
    code = "queue_empty"
    says = "Nothing waits for review that you may decide on."
    fix_says = "Come back later."


# ---- making -------------------------------------------------------------------------------


class MakingFailed(GreenlightError):
    """Why a clip ended as `failed`: stored on the clip and shown to its creator."""

    code = "making_failed"
    says = "The model stopped with an error ({kind})."
    fix_says = "Try again; if it fails again, tell the operator the clip's id."


class OutOfMemory(MakingFailed):
    code = "out_of_memory"
    says = "The machine ran out of memory at {width} × {height} with {num_frames} frames."
    fix_says = "Choose a smaller size or fewer frames and try again."


class DiskFull(MakingFailed):
    code = "disk_full"
    says = "The clip could not be written: the disk is full."
    fix_says = "Try again when the operator has made room."


class OddSize(MakingFailed):
    code = "odd_size"
    says = "The model made pictures of {width} × {height} pixels; a clip needs even sides."
    fix_says = "Choose a width and a height that two divides and try again."


class PublishFailed(GreenlightError):
    """Why an approved clip is not public yet: stored on the clip and shown to its creator."""

    code = "publish_failed"
    says = "The clip is approved, but publishing it failed on our side."
    fix_says = (
        "Nothing is needed from you: it is tried again, and the operator finds why in the log."
    )


class Silent(MakingFailed):
    code = "silent"
    says = "The model gave no sign of life for {limit_s} seconds and was started anew."
    fix_says = "Try again with fewer frames or steps; if it happens again, tell the operator the clip's id."


class Interrupted(MakingFailed):
    code = "interrupted"
    says = "The making of this clip was interrupted."
    fix_says = "Try again; if it fails again, tell the operator the clip's id."


class ModelNotLoaded(MakingFailed):
    status = 503
    code = "model_not_loaded"
    says = "The model could not be loaded: {why}."
    fix_says = "Try again when the operator has mended it."

    def __init__(self, **facts: object) -> None:
        super().__init__(**{"why": "the operator finds the reason in the log", **facts})


class SpeedupRefused(ModelNotLoaded):
    code = "speedup_refused"
    says = "The model could not be loaded: its speed-up {name} is {value!r}, and {why}."
    fix_says = "Try again when the operator has corrected the speed-ups of the model."


# ---- making at a remote provider ----------------------------------------------------------


class RemoteTokenRefused(MakingFailed):
    code = "remote_token_refused"
    says = "{provider} did not accept the token of this Greenlight (HTTP {status})."
    fix_says = "Tell the operator, who can renew it; nothing is wrong with your prompt."


class RemoteUnpaid(MakingFailed):
    code = "remote_unpaid"
    says = "The account that this Greenlight has at {provider} has no credit left."
    fix_says = "Tell the operator, who can add some; nothing is wrong with your prompt."


class RemoteNotOffered(MakingFailed):
    code = "remote_not_offered"
    says = "{provider} does not offer the model {model}."
    fix_says = "Tell the operator to choose another with GREENLIGHT_MODEL or GREENLIGHT_PROVIDER."


class RemoteBusy(MakingFailed):
    code = "remote_busy"
    says = "{provider} takes no more clips from this Greenlight at the moment."
    fix_says = "Try again in some minutes."


class RemoteDown(MakingFailed):
    code = "remote_down"
    says = "{provider} could not be reached or is out of order ({why})."
    fix_says = "Try again later; nothing is wrong with your prompt."


class RemoteTooSlow(MakingFailed):
    code = "remote_too_slow"
    says = "{provider} did not finish the clip within {waited_s} seconds, and it was given up."
    fix_says = "Try again, with a shorter clip or fewer steps; the operator may allow more time."


class RemoteRefused(MakingFailed):
    code = "remote_refused"
    says = "{provider} refused to make this clip: {why}."
    fix_says = "Change the prompt or the settings and try again."


class RemoteFailed(MakingFailed):
    code = "remote_failed"
    says = "{provider} began the clip and could not finish it: {why}."
    fix_says = "Try again; if it fails again, change the prompt."


class RemoteNoClip(MakingFailed):
    code = "remote_no_clip"
    says = "What {provider} sent back is no clip that Greenlight can show: {why}."
    fix_says = "Try again; if it happens again, tell the operator the clip's id."
