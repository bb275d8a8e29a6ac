"""Settings for processes of tests, which import this."""

import os
import signal
from pathlib import Path

from kmcodec.conversion.task import Settings


class Dying(Settings):
    """Settings with which a worker is lost at one picture, in the middle of writing its output."""

    @property
    def orients(self):
        """End this process as the system does that has no memory left."""
        if os.environ.get("KMQ_DIE") == "always" or Path("trap").exists():
            Path("trap").unlink(missing_ok=True)
            folder = Path("out")
            folder.mkdir(exist_ok=True)
            (folder / f".kmq-{self.run}0123456789abcdef.tmp").write_bytes(b"half")
            if hasattr(signal, "SIGKILL"):
                os.kill(os.getpid(), signal.SIGKILL)
            os._exit(9)
        return False
