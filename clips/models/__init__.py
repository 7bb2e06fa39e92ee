"""Rows of footage, moments, clips and jobs, with their constraints and changes of state."""

from clips.models.angle import Angle, AngleGroup
from clips.models.archive import (
    ASKED,
    ArchiveBlock,
    ArchiveCopy,
    ArchiveCursor,
    ArchiveFolder,
    ArchiveMarker,
    ArchiveRoot,
    ArchiveTouch,
    BlockReason,
    CopyState,
    DriveGrant,
    SessionFile,
)
from clips.models.audit import AuditReport, AuditState
from clips.models.bin import BinEntry, BinKind
from clips.models.bulk import BulkChange, BulkKind
from clips.models.camera import CameraClock, CameraName
from clips.models.clip import ClipCategory, FileName, FinalClip
from clips.models.collection_link import CollectionLink, GuestComments
from clips.models.crew_layer import CrewLayer, LayerState
from clips.models.decision import Decision, DecisionKind
from clips.models.eviction import EvictedKind, Eviction
from clips.models.filmstrip import Filmstrip
from clips.models.handle_cut import HandleCut
from clips.models.heart import Heart
from clips.models.inbox import Inbox
from clips.models.job import Job, JobKind, JobState, LeaseLostError, WaitsFor
from clips.models.kept_part import KeptPart, PartKind
from clips.models.notice import ChannelKind, Notice, NoticeChannel, NoticeKind, NoticeState
from clips.models.original import OriginalFile
from clips.models.piece import Piece, Watch
from clips.models.preview import Preview
from clips.models.receipt import Receipt, ReceiptFile
from clips.models.reel import Reel, ReelChange, ReelChangeKind, ReelChangeState, ReelClip
from clips.models.reel_render import RENDER_SIZES_PX, ReelMusic, ReelRender, RenderShape
from clips.models.run import DetectionRun
from clips.models.saved_view import SavedView
from clips.models.segment import CandidateSegment, SegmentStatus
from clips.models.share import SharedCopy, ShareLink, ShareSound
from clips.models.shoot import Shoot
from clips.models.talk import Comment, CommentState, Reaction, ReactionKind, Speaker, Subject
from clips.models.upload import Upload, UploadSource, UploadState
from clips.models.video_pair import FoundBy, PairChange, PairChangeKind, PairState, VideoPair

__all__ = [
    "ASKED",
    "RENDER_SIZES_PX",
    "Angle",
    "AngleGroup",
    "ArchiveBlock",
    "ArchiveCopy",
    "ArchiveCursor",
    "ArchiveFolder",
    "ArchiveMarker",
    "ArchiveRoot",
    "ArchiveTouch",
    "AuditReport",
    "AuditState",
    "BinEntry",
    "BinKind",
    "BlockReason",
    "BulkChange",
    "BulkKind",
    "CameraClock",
    "CameraName",
    "CandidateSegment",
    "ChannelKind",
    "ClipCategory",
    "CollectionLink",
    "Comment",
    "CommentState",
    "CopyState",
    "CrewLayer",
    "Decision",
    "DecisionKind",
    "DetectionRun",
    "DriveGrant",
    "EvictedKind",
    "Eviction",
    "FileName",
    "Filmstrip",
    "FinalClip",
    "FoundBy",
    "GuestComments",
    "HandleCut",
    "Heart",
    "Inbox",
    "Job",
    "JobKind",
    "JobState",
    "KeptPart",
    "LayerState",
    "LeaseLostError",
    "Notice",
    "NoticeChannel",
    "NoticeKind",
    "NoticeState",
    "OriginalFile",
    "PairChange",
    "PairChangeKind",
    "PairState",
    "PartKind",
    "Piece",
    "Preview",
    "Reaction",
    "ReactionKind",
    "Receipt",
    "ReceiptFile",
    "Reel",
    "ReelChange",
    "ReelChangeKind",
    "ReelChangeState",
    "ReelClip",
    "ReelMusic",
    "ReelRender",
    "RenderShape",
    "SavedView",
    "SegmentStatus",
    "SessionFile",
    "ShareLink",
    "ShareSound",
    "SharedCopy",
    "Shoot",
    "Speaker",
    "Subject",
    "Upload",
    "UploadSource",
    "UploadState",
    "VideoPair",
    "WaitsFor",
    "Watch",
]
