"""Gives models, fields and choices the words of the pages. Labels only: no table changes."""

import django.db.models.functions.text
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('tricks', '0004_one_trick_one_name'),
    ]

    operations = [
        migrations.AlterField(
            model_name='trick',
            name='category',
            field=models.CharField(default='JUMP', help_text='JUMP, RAIL, BROLL … or your own word in capitals.', max_length=20, verbose_name='category'),
        ),
        migrations.AlterField(
            model_name='trick',
            name='slug',
            field=models.CharField(help_text='Used in file and folder names. Letters, digits, “_” and “-”.', max_length=40, verbose_name='slug'),
        ),
        migrations.AlterConstraint(
            model_name='trick',
            name='trick_slug_unique',
            constraint=models.UniqueConstraint(django.db.models.functions.text.Lower('slug'), name='trick_slug_unique', violation_error_message='This slug is taken.'),
        ),
        migrations.AlterConstraint(
            model_name='trick',
            name='trick_normal_name_unique',
            constraint=models.UniqueConstraint(fields=('normal_name',), name='trick_normal_name_unique', violation_error_message='This trick already exists.'),
        ),
        migrations.AlterConstraint(
            model_name='trickalias',
            name='trick_alias_unique',
            constraint=models.UniqueConstraint(fields=('normal_name',), name='trick_alias_unique', violation_error_message='This alias belongs to another trick.'),
        ),
    ]
