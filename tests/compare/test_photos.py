"""Photos of a comparison: those that exist and are the ones in the tables."""

from PIL import Image

from pipeline.compare.photos import read_photos
from tests.compare.making import common_of, pets, told


def test_only_photos_that_fit_are_read(tmp_path):
    objects = pets(5)
    common = common_of(tmp_path, objects, told(objects), told(objects))
    folder = tmp_path / "photos"
    folder.mkdir()
    Image.new("RGB", (100, 50), "red").save(folder / "000.jpg")
    Image.new("RGB", (50, 50), "red").save(folder / "001.jpg")  # of another size
    (folder / "002.jpg").write_text("no photo")
    Image.new("I;16", (100, 50)).save(folder / "004.png")
    (folder / "004.png").rename(folder / "004.jpg")
    gallery = read_photos(common, [1, 2, 3, 4, 5], tmp_path)
    assert gallery.images["image_id"].to_pylist() == [1, 5]
    assert gallery.pixels.shape == (2, 256, 256, 3)
    assert gallery.pixels[0, 0, 0, 0] > 250 and gallery.pixels[1].max() == 0


def test_a_turned_photo_is_turned_where_its_boxes_are(tmp_path):
    objects = pets(1)
    common = common_of(tmp_path, objects, told(objects), told(objects))
    (tmp_path / "photos").mkdir()
    exif = Image.Exif()
    exif[0x0112] = 6  # lying: stored 50 x 100, seen 100 x 50
    Image.new("RGB", (50, 100)).save(tmp_path / "photos/000.jpg", exif=exif)
    assert len(read_photos(common, [1], tmp_path).images) == 1


def test_a_turn_in_xmp_alone_turns_no_photo(tmp_path):
    objects = pets(1)
    common = common_of(tmp_path, objects, told(objects), told(objects))
    (tmp_path / "photos").mkdir()
    xmp = b'<rdf:Description tiff:Orientation="6"/>'
    Image.new("RGB", (100, 50)).save(tmp_path / "photos/000.jpg", xmp=xmp)
    assert len(read_photos(common, [1], tmp_path).images) == 1


def test_no_photo_is_an_empty_gallery(tmp_path):
    objects = pets(2)
    common = common_of(tmp_path, objects, told(objects), told(objects))
    gallery = read_photos(common, [1, 2], tmp_path / "nowhere")
    assert len(gallery.images) == len(gallery.pixels) == 0
