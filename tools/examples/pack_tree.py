"""Convert a tree of pictures to .kmq files on all cores, and go on where the last run ended.

pack_tree.py COLORS FROM TO
"""

import sys
from collections import Counter

from kmcodec.batch import Request, Settings, convert_files

if __name__ == "__main__":  # as each process reads this script once more
    colors, tree, packed = sys.argv[1:]
    request = Request([tree], recursive=True, out_dir=packed)
    settings = Settings(options={"colors": int(colors)}, preserve_times=True)
    counts: Counter[str] = Counter()
    for report in convert_files(request, settings, manifest=f"{packed}.jsonl", resume=True):
        counts[report.status] += 1
        if report.error:
            print(f"{report.input}: {report.error['message']}")
    print(", ".join(f"{count} {status}" for status, count in sorted(counts.items())))
