"""
Showing and filing over HTTP: one router per noun, sign-in, and access that leaves a trace.

`api.app.create_app` makes the application from `api.services.Services`; nothing here opens a database or a store by itself.

Every route is behind one rule of `api.roles`. Whoever may not is answered with a problem (`api.problems`, RFC 9457); if we know
who it was, the refused act is an entry of the ledger. Footage is had only through a viewing (`api.viewings`): its ``ACCESSED``
entry is durable before the first byte leaves.
"""
