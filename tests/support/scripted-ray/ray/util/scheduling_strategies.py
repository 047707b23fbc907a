class PlacementGroupSchedulingStrategy:
    def __init__(self, group, placement_group_bundle_index):
        assert placement_group_bundle_index < len(group)
