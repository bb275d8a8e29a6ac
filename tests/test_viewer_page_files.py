"""The page that shows .kmq files: what comes in, and what it makes."""

import base64
import io
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from browser import Browser, Site
from commands import run_node
from helpers import drawing, noise, picture
from PIL import Image, ImageCms, PngImagePlugin, features
from viewer_page import (
    PAGE,
    enlarged,
    give,
    moving,
    pixels_of,
    rgba,
    saved,
    seen,
    text,
    wait_for_frame,
)

import kmcodec

pytestmark = pytest.mark.slow  # as it takes a browser

HERE = Path(__file__).resolve().parent
VECTORS = HERE.parent / "spec" / "vectors"


def test_png(tmp_path: Path) -> None:
    """PNGs have pixels of all modes, palettes in their order, and what is beside pixels."""
    exif = Image.Exif()
    exif[0x0112] = 6
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    beside = {"dpi": (300.0, 150.0), "exif": exif.tobytes(), "icc_profile": profile}
    paths = []
    for colors in (1, 2, 3, 16, 17, 256, 257, 1000):
        for mode in ("L", "LA", "P", "RGB", "RGBA"):
            channels = {"L": 1, "LA": 2, "P": 3}.get(mode, len(mode))
            if colors > (256 if mode in ("L", "P") else 1000):
                continue
            image = Image.fromarray(picture(33, 31, colors, channels))
            if mode == "P":
                image = image.convert("P", palette=Image.Palette.ADAPTIVE)
            path = tmp_path / f"{mode}-{colors}.kmq"
            image.save(path, colors=1000, **beside)
            paths.append(path)
    done = run_node(HERE / "viewer" / "pngs.mjs", text="".join(f"{path}\n" for path in paths))
    assert done.returncode == 0, done.stderr
    for path, line in zip(paths, done.stdout.splitlines(), strict=True):
        with Image.open(path) as wanted, Image.open(io.BytesIO(base64.b64decode(line))) as made:
            assert (pixels_of(made) == pixels_of(wanted)).all(), path
            if wanted.mode == "P":
                assert made.tobytes() == wanted.tobytes()
            assert made.info["dpi"] == pytest.approx(beside["dpi"], abs=0.02)
            assert made.info["icc_profile"] == profile
            assert made.getexif()[0x0112] == 6


def made_of(browser: Browser) -> bytes:
    """Return the .kmq that the page has made of the picture that is shown."""
    return saved(browser, "#made button")[1]


FORMATS = {
    "PNG": {"format": "PNG"},
    "GIF": {"format": "GIF"},
    "WebP": {"format": "WEBP", "lossless": True, "exact": True},
    "BMP": {"format": "BMP", "dpi": (0, 0)},  # as 96 are written else
}


@pytest.mark.slow
def test_make_kmq(page: Callable[..., Browser]) -> None:
    """Of other formats a .kmq of the same pixels is made, that of the package, and shown."""
    image = Image.fromarray(drawing(40, 30))
    colors = len(image.getcolors())
    for name, options in FORMATS.items():
        image.save(file := io.BytesIO(), **options)
        data = file.getvalue()
        browser = page({f"a {name}.{name}": data})
        assert text(browser, "#status") == f"a {name}.kmq: 40 x 30, RGB, {colors} colors"
        made = made_of(browser)
        assert made == kmcodec.encode(image)
        message = text(browser, "#made")
        assert f"Made of a {name}.{name}: {len(data):,} bytes became {len(made):,}" in message
        assert "Left out" not in message
        assert (seen(browser) == enlarged(rgba(made), seen(browser).shape[1] // 40)).all()


def test_make_kmq_with_alpha(page: Callable[..., Browser]) -> None:
    """Colors are kept exactly where alpha is low, and where it is 0."""
    pixels = noise((20, 30, 4))
    pixels[:5, :, 3] %= 3
    for name in ("PNG", "WebP"):
        Image.fromarray(pixels).save(file := io.BytesIO(), **FORMATS[name])
        assert (kmcodec.decode(made_of(page({f"a.{name}": file.getvalue()}))) == pixels).all()


def test_make_kmq_of_jpeg(page: Callable[..., Browser]) -> None:
    """Of a JPEG of few colors a .kmq is made, upright as its orientation says."""
    exif = Image.Exif()
    exif[0x0112] = 6
    pixels = np.full((16, 32), 40, np.uint8)
    pixels[:, 16:] = 200
    Image.fromarray(pixels).save(file := io.BytesIO(), "JPEG", exif=exif, quality=100)
    made = made_of(page({"a.jpg": file.getvalue()}))
    assert (rgba(made)[..., 0] == np.rot90(pixels, -1)).all()


def test_left_out(page: Callable[..., Browser]) -> None:
    """What is not in the .kmq that is made is named."""
    frames = [Image.fromarray(drawing(8, 8, seed)).convert("P") for seed in range(3)]
    frames[0].save(gif := io.BytesIO(), "GIF", save_all=True, append_images=frames[1:])
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    exif = Image.Exif()
    exif[0x010E] = "a drawing"
    frames[0].save(png := io.BytesIO(), "PNG", icc_profile=profile, exif=exif)
    frames[0].save(apng := io.BytesIO(), "PNG", save_all=True, append_images=frames[1:])
    browser = page({"a.gif": gif.getvalue()})
    message = text(browser, "#made")
    assert "Left out, while kmq-convert keeps it: all frames but the first." in message
    assert "%" not in message  # of a file that has more in it
    browser = page({"a.png": png.getvalue()})
    assert "keeps it: the color profile, EXIF." in text(browser, "#made")
    browser = page({"a.png": apng.getvalue()})
    assert "keeps it: all frames but the first." in text(browser, "#made")


IN_WORDS = {
    "icc_profile": "the color profile",
    "exif": "EXIF",
    "xmp": "XMP",
    "comment": "the comment",
    "dpi": "the resolution",
}


def beside_pixels() -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield formats, and what Pillow is to write beside pixels."""
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    exif = Image.Exif()
    exif[0x010E] = "a drawing"
    options = {
        "PNG": {"dpi": (300, 150), "xmp": b"<x/>", "comment": "", "icc_profile": profile},
        "JPEG": {"dpi": (300, 150), "xmp": b"<x/>", "comment": b"text", "icc_profile": profile},
        "WEBP": {"xmp": b"<x/>", "icc_profile": profile},
        "AVIF": {"xmp": b"<x/>", "icc_profile": profile},
        "GIF": {"comment": b"text"},
        "BMP": {"dpi": (300, 150)},
    }
    for name, each in options.items():
        if name != "AVIF" or features.check("avif"):
            has_exif = name not in ("GIF", "BMP")
            every = {**each, "exif": exif.tobytes()} if has_exif else each
            yield from ((name, {key: value}) for key, value in every.items())
            yield from ((name, chosen) for chosen in ({}, every))


def test_left_out_is_what_the_command_keeps(tmp_path: Path) -> None:
    """Metadata is named wherever it is in a file, and only if kmq-convert would keep it."""
    image = Image.fromarray(drawing(8, 8))
    files = {}
    for number, (name, options) in enumerate(beside_pixels()):
        if name == "PNG":
            chunks = PngImagePlugin.PngInfo()
            chunks.add_text("Software", "none", zip=True)
            if "comment" in options:
                chunks.add_itxt("Comment", "text", zip=True)
            if "xmp" in options:
                chunks.add_itxt("XML:com.adobe.xmp", "<x/>")
            options = {**options, "pnginfo": chunks}
        image.save(file := io.BytesIO(), name, **options)
        files[tmp_path / f"{number}.{name}"] = file.getvalue()
    files |= {tmp_path / f"far {path.name}": far(data) for path, data in files.items()}
    for path, data in files.items():
        path.write_bytes(data)
    done = run_node(HERE / "viewer" / "left_out.mjs", text="".join(f"{path}\n" for path in files))
    assert done.returncode == 0, done.stderr
    for path, line in zip(files, done.stdout.splitlines(), strict=True):
        with Image.open(path) as opened:
            kept = set(kmcodec.info(kmcodec.encode(opened)).metadata)
            if opened.format == "JPEG" and not opened.info.get("jfif_unit"):
                kept.discard("dpi")  # which Pillow reads out of EXIF
        assert json.loads(line) == [IN_WORDS[key] for key in IN_WORDS if key in kept], path


def far(data: bytes) -> bytes:
    """Move what is beside a picture's pixels far behind the start: in PNG, behind the pixels."""
    if data.startswith(b"\x89PNG"):
        chunks = list(png_chunks(data))
        pixels = [chunk for chunk in chunks if chunk[4:8] in (b"IHDR", b"PLTE", b"IDAT")]
        others = [chunk for chunk in chunks if chunk not in pixels]
        return data[:8] + b"".join(pixels + others)
    if data.startswith(b"\xff\xd8"):
        return data[:2] + 2 * (b"\xff\xe5\xff\xff" + bytes(0xFFFD)) + data[2:]
    return data


def png_chunks(data: bytes) -> Iterator[bytes]:
    """Yield chunks of a PNG whole."""
    at = 8
    while at < len(data):
        end = at + 12 + int.from_bytes(data[at : at + 4], "big")
        yield data[at:end]
        at = end


def test_no_names_of_parts_in_pixels(tmp_path: Path) -> None:
    """What only looks like the name of a part is none."""
    names = b"acTL iCCP eXIf tEXt ICC_PROFILE Exif\0 ANIM pHYs ".ljust(48)
    pixels = np.frombuffer(names, np.uint8).reshape(4, 4, 3)
    for name, options in (("PNG", {"compress_level": 0}), ("WEBP", {"lossless": True})):
        Image.fromarray(pixels).save(path := tmp_path / name, name, **options)
        done = run_node(HERE / "viewer" / "left_out.mjs", text=f"{path}\n")
        assert done.stdout == "[]\n", done.stderr


def test_too_many_colors(page: Callable[..., Browser]) -> None:
    """Of a picture of too many colors nothing is made, and the command that does it is told."""
    pixels = np.arange(300 * 300, dtype="<u4").view(np.uint8).reshape(300, 300, 4)[..., :3]
    Image.fromarray(pixels).save(file := io.BytesIO(), "PNG")
    browser = page({"it's.png": file.getvalue()})
    fault = text(browser, "#fault")
    assert "more than 65,536 colors" in fault
    assert r"kmq-convert -k 256 'it'\''s.png'" in fault


@pytest.mark.parametrize("mode", ["L", "RGBA"])
def test_too_large_for_a_canvas(page: Callable[..., Browser], mode: str) -> None:
    """Of a picture that no canvas holds it is told that it is too large, whatever its pixels."""
    Image.new(mode, (1, 70_000)).save(file := io.BytesIO(), "PNG")
    browser = page({"a.png": file.getvalue()})
    expected = "The picture is too large for this browser. kmq-convert makes a .kmq of it."
    assert text(browser, "#fault") == expected
    browser.complaints()  # of WebGL without a graphics card


def test_16_bits(page: Callable[..., Browser]) -> None:
    """Of samples that a .kmq cannot hold none is made."""
    Image.fromarray(np.arange(12, dtype=np.uint16).reshape(3, 4)).save(file := io.BytesIO(), "PNG")
    browser = page({"a.png": file.getvalue()})
    assert "16 bits a sample" in text(browser, "#fault")


def test_no_picture(page: Callable[..., Browser]) -> None:
    """What is no picture is refused in plain words."""
    for data in (b"", b"no picture", b"\x89PNG\r\n\x1a\n", b"<svg/>"):
        browser = page({"a.png": data})
        assert text(browser, "#fault") == "This is no picture that this browser can read."


def test_several_files(page: Callable[..., Browser], tmp_path: Path) -> None:
    """Files are listed as they come, shown by their names, and what was made of one stays."""
    Image.fromarray(drawing(9, 5)).save(file := io.BytesIO(), "PNG")
    browser = page({"a.png": file.getvalue(), "b.kmq": kmcodec.encode(drawing(8, 4))})
    listed = (
        "return [...files.querySelectorAll('button')].map((b) => [b.textContent, b.ariaCurrent])"
    )
    assert browser.run(listed) == [["a.kmq", "true"], ["b.kmq", "false"]]
    give(browser, tmp_path, {"c.kmq": kmcodec.encode(drawing(7, 3))})
    assert browser.run(listed)[2] == ["c.kmq", "true"]
    for number, name, size in ((2, "b", "8 x 4"), (1, "a", "9 x 5"), (3, "c", "7 x 3")):
        browser.find(f"#files li:nth-child({number}) button").click()
        browser.wait_for(
            f"document.querySelector('#status').textContent.startsWith('{name}.kmq: {size}')"
        )
        assert browser.find("#made").is_displayed() == (name == "a")


def test_focus_in_the_list(page: Callable[..., Browser], tmp_path: Path) -> None:
    """The button of a file keeps the focus, and that of the file that is shown is in sight."""
    data = kmcodec.encode(drawing(8, 4))
    browser = page({f"{n} {'name ' * 9}.kmq": data for n in range(30)})
    button = browser.find("#files li:nth-child(2) button")
    button.send_keys("\ue007")  # enter
    browser.wait_for("document.querySelector('#status').textContent.startsWith('1 ')")
    assert browser.run("return document.activeElement === arguments[0]", button)
    give(browser, tmp_path, {"last.kmq": data})
    in_sight = """
    const button = files.lastChild.firstChild.getBoundingClientRect();
    const list = files.parentElement.getBoundingClientRect();
    return button.left >= list.left - 1 && button.right <= list.right + 1
      && button.top >= list.top - 1 && button.bottom <= list.bottom + 1;"""
    assert browser.run("return files.lastChild.textContent") == "last.kmq"
    assert browser.run(in_sight)


def test_one_pixel(page: Callable[..., Browser]) -> None:
    """A color, and a pixel, are not several."""
    browser = page({"a.kmq": kmcodec.encode(np.zeros((1, 1), np.uint8))})
    assert text(browser, "#color") == "1 color"
    browser.find("#swatches button").click()
    assert ", 1 pixel, " in text(browser, "#color")


@pytest.mark.parametrize("event", ["drop", "paste"])
def test_drop_and_paste(browser: Browser, event: str) -> None:
    """Files that are dropped or pasted are shown as those that are chosen."""
    browser.open(PAGE)
    browser.run(
        """
        const files = new DataTransfer();
        files.items.add(new File([Uint8Array.from(arguments[0])], "a.kmq"));
        document.dispatchEvent(arguments[1] === "drop"
          ? new DragEvent("drop", { dataTransfer: files, cancelable: true })
          : new ClipboardEvent("paste", { clipboardData: files }));
        """,
        [*kmcodec.encode(drawing(8, 4))],
        event,
    )
    browser.wait_for("document.querySelector('#status').textContent.startsWith('a.kmq: 8 x 4')")


def test_from_a_server(browser: Browser, site: Site, tmp_path: Path) -> None:
    """From a server the page is all that is asked for, and it does the same."""
    site.pages["/viewer/index.html"] = PAGE.read_bytes()
    site.policy = ""
    browser.open(f"{site.address}/viewer/index.html")
    assert site.requests == ["/viewer/index.html"]
    give(browser, tmp_path, {"a.kmq": kmcodec.encode(drawing(8, 4))})
    assert text(browser, "#status").startswith("a.kmq: 8 x 4")
    assert site.requests == ["/viewer/index.html"]


def test_without_wasm(browser: Browser, site: Site, tmp_path: Path) -> None:
    """Where a policy allows no WebAssembly, files are decoded in JavaScript, and none are made."""
    site.pages["/index.html"] = PAGE.read_bytes()
    site.policy = "script-src 'unsafe-inline' blob:"
    browser.open(f"{site.address}/index.html", motion="reduce")
    data = moving(3)
    give(browser, tmp_path, {"a.kmq": data})
    assert "decoded without WebAssembly" in text(browser, "#status")
    browser.find("#forth").click()
    wait_for_frame(browser, 1, 3)
    assert (seen(browser) == enlarged(rgba(data, 1), seen(browser).shape[1] // 24)).all()
    Image.fromarray(drawing(9, 5)).save(file := io.BytesIO(), "PNG")
    give(browser, tmp_path, {"a.png": file.getvalue()})
    assert "WebAssembly" in text(browser, "#fault")
    browser.complaints()  # of the policy


def test_copy(page: Callable[..., Browser]) -> None:
    """The picture is copied as the PNG that would be saved."""
    data = kmcodec.encode(drawing(9, 5))
    browser = page({"a.kmq": data})
    permissions = ["clipboardReadWrite", "clipboardSanitizedWrite"]
    browser.driver.execute_cdp_cmd("Browser.grantPermissions", {"permissions": permissions})
    browser.find("#copy").click()
    browser.wait_for("document.querySelector('#status').textContent === 'Copied'")
    copied = browser.bytes_of("return (await navigator.clipboard.read())[0].getType('image/png')")
    assert (pixels_of(Image.open(io.BytesIO(copied))) == rgba(data)).all()


def test_without_workers(browser: Browser, site: Site, tmp_path: Path) -> None:
    """Where a policy allows no worker, the page says so."""
    site.pages["/index.html"] = PAGE.read_bytes()
    site.policy = "worker-src 'none'"
    browser.open(f"{site.address}/index.html")
    give(browser, tmp_path, {"a.kmq": kmcodec.encode(drawing(9, 5))})
    assert "The decoder did not start" in text(browser, "#fault")
    browser.complaints()  # of the policy
