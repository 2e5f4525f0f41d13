"""
A small client of the HTTP API, for programs and for ``yihu remote``: it runs on any machine, without an office.

=================  ==========================================================================
`server`           one server: requests, safe repetition, problems as exceptions
`problems`         what a server answers instead of what was asked
`office`           what can be asked, as values
`proving`          a clip's history against the ledger, verified here and not believed
`sending`          uploads that go on where they broke off (tus)
`receiving`        footage, compared with what the ledger says of it
=================  ==========================================================================
"""
