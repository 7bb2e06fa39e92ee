from django.db import migrations, models


class Migration(migrations.Migration):
    """Each file that an incoming folder cannot take is named, and 500 characters hold but a few."""

    dependencies = [
        ("clips", "0033_low_res_of_is_belongs_to"),
    ]

    operations = [
        migrations.AlterField(
            model_name="inbox",
            name="sentence",
            field=models.TextField(blank=True, verbose_name="what is in the way"),
        ),
    ]
