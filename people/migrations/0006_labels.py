"""Gives models, fields and choices the words of the pages. Labels only: no table changes."""

import django.db.models.deletion
import django.db.models.functions.text
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('people', '0005_name_keys'),
    ]

    operations = [
        migrations.AlterField(
            model_name='apitoken',
            name='created_at',
            field=models.DateTimeField(auto_now_add=True, verbose_name='created'),
        ),
        migrations.AlterField(
            model_name='apitoken',
            name='expires_at',
            field=models.DateTimeField(editable=False, null=True, verbose_name='expires'),
        ),
        migrations.AlterField(
            model_name='apitoken',
            name='name',
            field=models.CharField(max_length=60, verbose_name='purpose'),
        ),
        migrations.AlterField(
            model_name='apitoken',
            name='scope',
            field=models.CharField(choices=[('READ', 'Read: find, watch and download'), ('SORT', 'Sort: also upload and sort'), ('ADMIN', 'Full: everything my role allows')], default='SORT', max_length=10, verbose_name='access'),
        ),
        migrations.AlterField(
            model_name='auditentry',
            name='action',
            field=models.CharField(max_length=30, verbose_name='action'),
        ),
        migrations.AlterField(
            model_name='auditentry',
            name='target_id',
            field=models.CharField(max_length=60, verbose_name='target ID'),
        ),
        migrations.AlterField(
            model_name='auditentry',
            name='target_name',
            field=models.CharField(max_length=200, verbose_name='target'),
        ),
        migrations.AlterField(
            model_name='auditentry',
            name='target_type',
            field=models.CharField(max_length=60, verbose_name='target type'),
        ),
        migrations.AlterField(
            model_name='invite',
            name='created_at',
            field=models.DateTimeField(auto_now_add=True, verbose_name='created'),
        ),
        migrations.AlterField(
            model_name='invite',
            name='created_by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='created by'),
        ),
        migrations.AlterField(
            model_name='invite',
            name='expires_at',
            field=models.DateTimeField(verbose_name='expires'),
        ),
        migrations.AlterField(
            model_name='invite',
            name='role',
            field=models.CharField(choices=[('VIEWER', 'Viewer: watch and download'), ('SORTER', 'Sorter: upload and sort'), ('CURATOR', 'Curator: edit people, tricks and clips'), ('ADMIN', 'Admin: manage members and everything else')], default='SORTER', max_length=10, verbose_name='role'),
        ),
        migrations.AlterField(
            model_name='member',
            name='is_active',
            field=models.BooleanField(default=True, help_text="Inactive members can't log in. Everything they did is kept.", verbose_name='active'),
        ),
        migrations.AlterField(
            model_name='member',
            name='is_on_board',
            field=models.BooleanField(default=False, help_text='Others see how many moments they sorted.', verbose_name='on the leaderboard'),
        ),
        migrations.AlterField(
            model_name='member',
            name='role',
            field=models.CharField(choices=[('VIEWER', 'Viewer: watch and download'), ('SORTER', 'Sorter: upload and sort'), ('CURATOR', 'Curator: edit people, tricks and clips'), ('ADMIN', 'Admin: manage members and everything else')], default='SORTER', max_length=10, verbose_name='role'),
        ),
        migrations.AlterField(
            model_name='member',
            name='username',
            field=models.CharField(max_length=40, unique=True, verbose_name='username'),
        ),
        migrations.AlterField(
            model_name='person',
            name='slug',
            field=models.CharField(help_text='Used in file and folder names. Letters, digits, “_” and “-”.', max_length=40, verbose_name='slug'),
        ),
        migrations.AlterConstraint(
            model_name='member',
            name='member_name_unique',
            constraint=models.UniqueConstraint(django.db.models.functions.text.Lower('username'), name='member_name_unique', violation_error_message='This username is taken.'),
        ),
        migrations.AlterConstraint(
            model_name='person',
            name='person_slug_unique',
            constraint=models.UniqueConstraint(django.db.models.functions.text.Lower('slug'), name='person_slug_unique', violation_error_message='This slug is taken.'),
        ),
        migrations.AlterConstraint(
            model_name='person',
            name='person_name_unique',
            constraint=models.UniqueConstraint(fields=('name_key',), name='person_name_unique', violation_error_message='This name is taken.'),
        ),
        migrations.AlterConstraint(
            model_name='personalias',
            name='person_alias_unique',
            constraint=models.UniqueConstraint(fields=('name_key',), name='person_alias_unique', violation_error_message='This alias belongs to another person.'),
        ),
    ]
