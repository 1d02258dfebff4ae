"""Findings of a plan: how far goals are missed, which voxels do it, and what each lever was measured to do."""
