class RayActorError(Exception):
    pass


class RaySystemError(Exception):
    pass


class GetTimeoutError(Exception):
    pass


class ObjectLostError(Exception):
    pass


class RayTaskError(Exception):
    def __init__(self, cause):
        super().__init__(str(cause))
        self.cause = cause
