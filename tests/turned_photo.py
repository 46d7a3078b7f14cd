"""A photo that only its XMP wants turned, as some editors leave it."""

from pathlib import Path

from PIL import Image
from PIL.PngImagePlugin import PngInfo

_XMP = '<rdf:Description xmlns:tiff="http://ns.adobe.com/tiff/1.0/" tiff:Orientation="6"/>'
_TIFF_TAG = 700


def photo_turned_by_xmp(file: Path) -> Path:
    """Return a photo of 16 x 8 pixels whose left half is white, in the format of its ending."""
    photo = Image.new("RGB", (16, 8))
    photo.paste((255, 255, 255), (0, 0, 8, 8))
    if file.suffix == ".tif":
        photo.save(file, tiffinfo={_TIFF_TAG: _XMP.encode()})
    elif file.suffix == ".png":
        info = PngInfo()
        info.add_itxt("XML:com.adobe.xmp", _XMP)
        photo.save(file, pnginfo=info)
    else:
        photo.save(file, xmp=_XMP.encode())
    return file
