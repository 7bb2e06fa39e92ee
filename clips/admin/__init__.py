"""Admin pages of footage, clips, jobs and everything around them, one module per subject."""

from clips.admin import archive, camera, clip, footage, job, notice, reel, segment, share, space, talk

__all__ = ["archive", "camera", "clip", "footage", "job", "notice", "reel", "segment", "share", "space", "talk"]
