"""Adds receipts of upload batches, folders and cards, and the notices of them."""

import clips.models.notice
import django.contrib.postgres.fields
import django.db.models.deletion
import uuid
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('clips', '0072_read_back'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Receipt',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('source', models.CharField(choices=[('BROWSER', 'upload page'), ('FOLDER', 'incoming folder'), ('COMMAND', 'command'), ('DRIVE', 'Drive folder')], max_length=10, verbose_name='source')),
                ('name', models.CharField(max_length=200, verbose_name='name')),
                ('place', models.CharField(blank=True, max_length=1000, verbose_name='found at')),
                ('n_left_alone', models.PositiveIntegerField(default=0, help_text='Files beside them that were not imported.', verbose_name='not videos')),
                ('created_at', models.DateTimeField(auto_now_add=True, verbose_name='started')),
                ('last_file_at', models.DateTimeField(auto_now_add=True, verbose_name='last file')),
                ('closed_at', models.DateTimeField(blank=True, help_text='Since when no more files are expected.', null=True, verbose_name='complete')),
                ('safe_at', models.DateTimeField(blank=True, help_text='When all files were first found safe.', null=True, verbose_name='safe to format')),
                ('written_as', models.CharField(blank=True, editable=False, max_length=7)),
            ],
            options={
                'verbose_name': 'receipt',
                'verbose_name_plural': 'receipts',
                'ordering': ['-created_at'],
            },
        ),
        migrations.CreateModel(
            name='ReceiptFile',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('path', models.CharField(help_text='Within the folder or on the card.', max_length=1000, verbose_name='path')),
                ('size_bytes', models.PositiveBigIntegerField(verbose_name='size')),
                ('modified_at', models.DateTimeField(blank=True, null=True, verbose_name='last modified')),
                ('problem', models.CharField(blank=True, max_length=500, verbose_name='problem')),
                ('put_at', models.CharField(blank=True, editable=False, max_length=1000)),
            ],
            options={
                'verbose_name': 'file of a receipt',
                'verbose_name_plural': 'files of a receipt',
                'ordering': ['path'],
            },
        ),
        migrations.RemoveConstraint(
            model_name='notice',
            name='notice_kind_known',
        ),
        migrations.AlterField(
            model_name='notice',
            name='kind',
            field=models.CharField(choices=[('READY', 'a session is ready to sort'), ('SORTED', 'a session is sorted and its edit is ready'), ('CARD', 'a card is safe to format, or is not'), ('BLOCKED', 'something needs attention'), ('DAILY', 'daily summary'), ('TALK', 'comments and reactions, once a day')], max_length=10, verbose_name='kind'),
        ),
        migrations.AlterField(
            model_name='noticechannel',
            name='wants',
            field=django.contrib.postgres.fields.ArrayField(base_field=models.CharField(choices=[('READY', 'a session is ready to sort'), ('SORTED', 'a session is sorted and its edit is ready'), ('CARD', 'a card is safe to format, or is not'), ('BLOCKED', 'something needs attention'), ('DAILY', 'daily summary'), ('TALK', 'comments and reactions, once a day')], max_length=10), default=clips.models.notice.all_kinds, size=None, verbose_name='notices'),
        ),
        migrations.AddConstraint(
            model_name='notice',
            constraint=models.CheckConstraint(condition=models.Q(('kind__in', ['READY', 'SORTED', 'CARD', 'BLOCKED', 'DAILY', 'TALK'])), name='notice_kind_known'),
        ),
        migrations.AddField(
            model_name='receipt',
            name='owner',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='receipts', to=settings.AUTH_USER_MODEL, verbose_name='owner'),
        ),
        migrations.AddField(
            model_name='receiptfile',
            name='original_file',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='receipt_files', to='clips.originalfile', verbose_name='video'),
        ),
        migrations.AddField(
            model_name='receiptfile',
            name='receipt',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='files', to='clips.receipt', verbose_name='receipt'),
        ),
        migrations.AddField(
            model_name='receiptfile',
            name='upload',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='receipt_files', to='clips.upload', verbose_name='upload'),
        ),
        migrations.AddIndex(
            model_name='receipt',
            index=models.Index(condition=models.Q(('safe_at', None)), fields=['closed_at'], name='receipt_followed'),
        ),
        migrations.AddIndex(
            model_name='receipt',
            index=models.Index(fields=['-created_at'], name='receipt_newest'),
        ),
        migrations.AddConstraint(
            model_name='receipt',
            constraint=models.CheckConstraint(condition=models.Q(('source__in', ['BROWSER', 'FOLDER', 'COMMAND', 'DRIVE'])), name='receipt_source_known'),
        ),
        migrations.AddConstraint(
            model_name='receipt',
            constraint=models.CheckConstraint(condition=models.Q(('safe_at', None), ('closed_at__isnull', False), _connector='OR'), name='receipt_safe_is_complete'),
        ),
        migrations.AddConstraint(
            model_name='receipt',
            constraint=models.UniqueConstraint(condition=models.Q(('closed_at', None), ('source', 'FOLDER')), fields=('place',), name='receipt_one_open_per_folder'),
        ),
        migrations.AddConstraint(
            model_name='receiptfile',
            constraint=models.UniqueConstraint(fields=('receipt', 'path'), name='receipt_file_once'),
        ),
        migrations.AddConstraint(
            model_name='receiptfile',
            constraint=models.CheckConstraint(condition=models.Q(('original_file', None), ('problem', ''), _connector='OR'), name='receipt_file_good_has_no_problem'),
        ),
    ]
