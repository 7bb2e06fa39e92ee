"""The admin's pages of the footage and its life, each subject in a module of its own."""

from clips.admin import archive, camera, clip, footage, job, notice, segment, share, space

__all__ = ["archive", "camera", "clip", "footage", "job", "notice", "segment", "share", "space"]
