"""Several databases queried as one: remote tables of other sites' catalogues, at a central one.

MonetDB reads a remote table over a connection of its own to the other server, as a user of that
server. It reads base tables only, so the views that compare executions are defined here again. A
query that names a site fails while that site is down; so what goes over all sites asks one after
the other.
"""
