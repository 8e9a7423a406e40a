"""Reading of template.yml: its resources as they stand, and what a host serves of them.

The host and the deployment may import it; it imports nothing of ours. `resources` walks
through services, functions, triggers and domains, `served` makes values of them.
"""
