"""The top folder of an archive on Drive is known from now on, so that none is made beside it when it is deleted."""

from django.db import migrations


def note_top(apps, _editor):
    folder, root = apps.get_model("clips", "ArchiveFolder"), apps.get_model("clips", "ArchiveRoot")
    for top in folder.objects.filter(backend="drive", parent=None).exclude(remote_id=""):
        root.objects.get_or_create(backend="drive", defaults={"place": "", "top_id": top.remote_id})


class Migration(migrations.Migration):
    dependencies = [("clips", "0056_what_people_do_there"), ("clips", "0065_reel_renders")]

    operations = [migrations.RunPython(note_top, migrations.RunPython.noop)]
