"""The admin's pages of the footage and its life, each subject in a module of its own."""

from clips.admin import archive, clip, footage, job, segment

__all__ = ["archive", "clip", "footage", "job", "segment"]
