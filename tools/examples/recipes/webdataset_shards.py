"""webdataset: pictures in a shard as .kmq, and out of it again as arrays."""

import sys

import webdataset as wds
from PIL import Image
from webdataset.autodecode import imagehandler

import kmcodec


def main(source: str, target: str, shard: str = "shard.tar") -> None:
    """Read a .kmq through the library, and write it through that again."""
    with Image.open(source) as image, wds.TarWriter(shard) as writer:
        writer.write({"__key__": "0", "kmq": kmcodec.encode(image, 16), "cls": 7})
    # Which extensions are images is a list of webdataset's own, so it is told once more.
    shards = wds.WebDataset(shard, shardshuffle=False)
    samples = shards.decode(imagehandler("rgb8", extensions=["kmq"])).to_tuple("kmq", "cls")
    for pixels, label in samples:
        print(f"a picture of shape {pixels.shape}, label {label}")
        Image.fromarray(pixels).save(target, colors=16)


if __name__ == "__main__":
    main(*sys.argv[1:])
