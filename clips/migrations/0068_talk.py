"""Adds reactions and comments, and what guests may say on the page of a share link."""

import uuid

import django.contrib.postgres.fields
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import clips.models.notice


class Migration(migrations.Migration):
    dependencies = [
        ("clips", "0067_clips_by_stars"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Comment",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, primary_key=True, serialize=False)),
                ("lineage", models.UUIDField(editable=False, null=True, verbose_name="clip")),
                ("text", models.CharField(max_length=1000, verbose_name="comment")),
                ("name", models.CharField(max_length=40, verbose_name="name")),
                ("is_guest", models.BooleanField(db_default=False, default=False, verbose_name="of a guest")),
                ("guest", models.UUIDField(editable=False, null=True)),
                ("sender", models.CharField(blank=True, editable=False, max_length=32)),
                (
                    "state",
                    models.CharField(
                        choices=[("SHOWN", "shown"), ("WAITING", "waiting for approval")],
                        default="SHOWN",
                        max_length=7,
                        verbose_name="state",
                    ),
                ),
                ("created_at", models.DateTimeField(auto_now_add=True, verbose_name="when")),
            ],
            options={
                "verbose_name": "comment",
                "verbose_name_plural": "comments",
                "ordering": ["created_at", "pk"],
            },
        ),
        migrations.CreateModel(
            name="Reaction",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("lineage", models.UUIDField(editable=False, null=True, verbose_name="clip")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("FIRE", "fire"),
                            ("CLEAN", "clean"),
                            ("WOW", "wow"),
                            ("LAUGH", "funny"),
                            ("OUCH", "ouch"),
                        ],
                        max_length=5,
                        verbose_name="reaction",
                    ),
                ),
                ("guest", models.UUIDField(editable=False, null=True)),
                ("sender", models.CharField(blank=True, editable=False, max_length=32)),
                ("created_at", models.DateTimeField(auto_now_add=True, verbose_name="when")),
            ],
            options={
                "verbose_name": "reaction",
                "verbose_name_plural": "reactions",
            },
        ),
        migrations.RemoveConstraint(
            model_name="notice",
            name="notice_kind_known",
        ),
        migrations.AddField(
            model_name="collectionlink",
            name="guest_comments",
            field=models.CharField(
                choices=[
                    ("OFF", "No comments"),
                    ("WAIT", "Comments wait for your OK"),
                    ("AT_ONCE", "Comments show at once"),
                ],
                db_default="OFF",
                default="OFF",
                max_length=7,
                verbose_name="guests",
            ),
        ),
        migrations.AlterField(
            model_name="notice",
            name="kind",
            field=models.CharField(
                choices=[
                    ("READY", "a session is ready to sort"),
                    ("SORTED", "a session is sorted and its edit is ready"),
                    ("BLOCKED", "something needs attention"),
                    ("DAILY", "daily summary"),
                    ("TALK", "comments and reactions, once a day"),
                ],
                max_length=10,
                verbose_name="kind",
            ),
        ),
        migrations.AlterField(
            model_name="noticechannel",
            name="wants",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.CharField(
                    choices=[
                        ("READY", "a session is ready to sort"),
                        ("SORTED", "a session is sorted and its edit is ready"),
                        ("BLOCKED", "something needs attention"),
                        ("DAILY", "daily summary"),
                        ("TALK", "comments and reactions, once a day"),
                    ],
                    max_length=10,
                ),
                default=clips.models.notice.all_kinds,
                size=None,
                verbose_name="notices",
            ),
        ),
        migrations.AddConstraint(
            model_name="collectionlink",
            constraint=models.CheckConstraint(
                condition=models.Q(("guest_comments__in", ["OFF", "WAIT", "AT_ONCE"])),
                name="collection_link_guest_comments_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="notice",
            constraint=models.CheckConstraint(
                condition=models.Q(("kind__in", ["READY", "SORTED", "BLOCKED", "DAILY", "TALK"])),
                name="notice_kind_known",
            ),
        ),
        migrations.AddField(
            model_name="comment",
            name="link",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="comments",
                to="clips.collectionlink",
                verbose_name="share link",
            ),
        ),
        migrations.AddField(
            model_name="comment",
            name="member",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="comments",
                to=settings.AUTH_USER_MODEL,
                verbose_name="member",
            ),
        ),
        migrations.AddField(
            model_name="comment",
            name="reel",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="comments",
                to="clips.reel",
                verbose_name="edit",
            ),
        ),
        migrations.AddField(
            model_name="reaction",
            name="link",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="reactions",
                to="clips.collectionlink",
                verbose_name="share link",
            ),
        ),
        migrations.AddField(
            model_name="reaction",
            name="member",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="reactions",
                to=settings.AUTH_USER_MODEL,
                verbose_name="member",
            ),
        ),
        migrations.AddField(
            model_name="reaction",
            name="reel",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="reactions",
                to="clips.reel",
                verbose_name="edit",
            ),
        ),
        migrations.AddIndex(
            model_name="comment",
            index=models.Index(
                condition=models.Q(("lineage__isnull", False)), fields=["lineage", "created_at"], name="comment_of_clip"
            ),
        ),
        migrations.AddIndex(
            model_name="comment",
            index=models.Index(fields=["-created_at"], name="comment_newest"),
        ),
        migrations.AddIndex(
            model_name="comment",
            index=models.Index(
                condition=models.Q(("state", "WAITING")), fields=["-created_at"], name="comment_waiting"
            ),
        ),
        migrations.AddConstraint(
            model_name="comment",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("lineage__isnull", False), ("reel", None)),
                    models.Q(("lineage", None), ("reel__isnull", False)),
                    _connector="OR",
                ),
                name="comment_about_one_thing",
            ),
        ),
        migrations.AddConstraint(
            model_name="comment",
            constraint=models.CheckConstraint(
                condition=models.Q(models.Q(("text", ""), _negated=True), models.Q(("name", ""), _negated=True)),
                name="comment_says_something",
            ),
        ),
        migrations.AddConstraint(
            model_name="comment",
            constraint=models.CheckConstraint(
                condition=models.Q(("state__in", ["SHOWN", "WAITING"])), name="comment_state_known"
            ),
        ),
        migrations.AddConstraint(
            model_name="comment",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("is_guest", True), ("member", None)),
                    models.Q(("guest", None), ("is_guest", False), ("link", None), ("sender", ""), ("state", "SHOWN")),
                    _connector="OR",
                ),
                name="comment_of_a_member_or_a_guest",
            ),
        ),
        migrations.AddConstraint(
            model_name="reaction",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("lineage__isnull", False), ("reel", None)),
                    models.Q(("lineage", None), ("reel__isnull", False)),
                    _connector="OR",
                ),
                name="reaction_about_one_thing",
            ),
        ),
        migrations.AddConstraint(
            model_name="reaction",
            constraint=models.CheckConstraint(
                condition=models.Q(("kind__in", ["FIRE", "CLEAN", "WOW", "LAUGH", "OUCH"])), name="reaction_kind_known"
            ),
        ),
        migrations.AddConstraint(
            model_name="reaction",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("guest", None), ("link", None), ("member__isnull", False), ("sender", "")),
                    models.Q(("guest__isnull", False), ("member", None)),
                    _connector="OR",
                ),
                name="reaction_of_a_member_or_a_guest",
            ),
        ),
        migrations.AddConstraint(
            model_name="reaction",
            constraint=models.UniqueConstraint(
                fields=("lineage", "reel", "kind", "member", "guest"), name="reaction_once", nulls_distinct=False
            ),
        ),
    ]
