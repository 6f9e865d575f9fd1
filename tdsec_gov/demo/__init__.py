"""``tdsec demo``: the main job, and six attacks beside their effect on stock tools, in a folder you keep."""
