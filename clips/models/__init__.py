from clips.models.archive import ArchiveCopy, ArchiveFolder, CopyState
from clips.models.clip import ClipCategory, FileName, FinalClip
from clips.models.decision import Decision, DecisionKind
from clips.models.job import Job, JobKind, JobState, LeaseLostError
from clips.models.original import OriginalFile
from clips.models.preview import Preview
from clips.models.run import DetectionRun
from clips.models.segment import CandidateSegment, SegmentStatus
from clips.models.shoot import Shoot
from clips.models.upload import Upload, UploadState

__all__ = [
    "ArchiveCopy",
    "ArchiveFolder",
    "CandidateSegment",
    "ClipCategory",
    "CopyState",
    "Decision",
    "DecisionKind",
    "DetectionRun",
    "FileName",
    "FinalClip",
    "Job",
    "JobKind",
    "JobState",
    "LeaseLostError",
    "OriginalFile",
    "Preview",
    "SegmentStatus",
    "Shoot",
    "Upload",
    "UploadState",
]
