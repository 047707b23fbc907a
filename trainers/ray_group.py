"""The nodes that one job trains on, an actor on each: they begin together, and where one is lost all of them are."""

import ray
from ray_node import Node

PATIENCE = 60.0  # seconds for one answer of a node


def ask(answer, seconds: float = PATIENCE):
    return ray.get(answer, timeout=seconds)


class Group:
    """`settings`: cluster.json. The first node's trainer tells, writes and decides for all."""

    def __init__(self, settings: dict):
        self.settings, self.place = settings, None
        count = settings.get("nodes", 1)
        options = {"num_cpus": settings["cpus"], "num_gpus": settings["gpus"], "max_restarts": 0}
        where = [{}] * count
        if count > 1:
            from ray.util.placement_group import placement_group
            from ray.util.scheduling_strategies import PlacementGroupSchedulingStrategy

            wants = {name: settings[key] for name, key in (("CPU", "cpus"), ("GPU", "gpus")) if settings[key]}
            self.place = placement_group([wants or {"CPU": 1}] * count, strategy="STRICT_SPREAD")  # each on a machine of its own
            where = [{"scheduling_strategy": PlacementGroupSchedulingStrategy(self.place, placement_group_bundle_index=number)} for number in range(count)]
        self.nodes = [ray.remote(Node).options(**options, **each).remote(settings) for each in where]

    @property
    def first(self):
        return self.nodes[0]

    def ready(self) -> list:
        """Asked for once, to be waited for."""
        return [node.ready.remote() for node in self.nodes]

    def start(self, seconds: float) -> None:
        meeting = {}
        if len(self.nodes) > 1:
            host, port = ask(self.first.address.remote())
            meeting = {"WHETSTONE_NODES": str(len(self.nodes)), "MASTER_ADDR": host, "MASTER_PORT": str(port)}
        starts = [node.start.remote(meeting | ({"WHETSTONE_NODE": str(number)} if meeting else {})) for number, node in enumerate(self.nodes)]
        for start in starts:
            ask(start, seconds)

    def exits(self) -> list[int | None]:
        """Of the other nodes' trainers."""
        return [answer["exit"] for answer in [ask(asked) for asked in [node.poll.remote() for node in self.nodes[1:]]]]

    def stop(self) -> None:
        for node in self.nodes:
            ask(node.stop.remote())

    def close(self) -> None:
        """In good order: the nodes clear up."""
        for node in self.nodes:
            ask(node.close.remote())
        self.forget()

    def kill(self) -> None:
        for node in self.nodes:
            ray.kill(node)
        self.forget()

    def forget(self) -> None:
        if self.place is not None:
            from ray.util.placement_group import remove_placement_group

            remove_placement_group(self.place)
            self.place = None
