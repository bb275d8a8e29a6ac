"""An inspection that ends its process, for processes of tests, which import this."""

from dataclasses import dataclass

from jobs import end_process

from kmcodec.cli.inspection import Inspection


@dataclass(frozen=True)
class Deadly(Inspection):
    """One that ends its process at each file whose name says so."""

    def __call__(self, batch):
        """Inspect files, if the process survives that."""
        if any("poison" in item.found.name for item in batch):
            end_process()
        return super().__call__(batch)
