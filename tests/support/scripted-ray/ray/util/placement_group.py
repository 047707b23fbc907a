"""As many nodes as are asked for, at once."""


def placement_group(bundles, strategy):
    assert strategy == "STRICT_SPREAD" and all(bundles)
    return bundles


def remove_placement_group(_):
    pass
