"""
What the law asks: offices, officers, parties, matters and cases, their stages, activities, and the clips filed to them.

`values` are what people say, `moves` what may follow what, `projections` what an entry changes in the `tables`; `registry`
records, `dossier` answers. The two rules that shaped them:

* Everything that refers is checked where it is recorded. `registry` looks first and explains, but the refusal that counts is in
  the one transaction of `storage.custody`: life cycle, unique indexes, and counters that must find their row.
* A clip may be filed to an unregistered case, or a clerk would have to wait; it does not *count* as filed before the case is
  registered, and stands among the unfiled ones until then (A35).
"""
