"""
Access with a reason: what somebody watched, who asked for an original and who let them have it, and who looks at very much.

`api.access.seeing` decides whether somebody may see a clip in some form; everything else asks it.
"""
