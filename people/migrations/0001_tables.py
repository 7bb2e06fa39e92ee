import django.core.serializers.json
import django.db.models.deletion
import django.db.models.functions.text
import uuid
from django.conf import settings
from django.db import migrations, models


APPEND_ONLY = """
CREATE FUNCTION people_audit_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the audit trail is append-only';
END $$;
CREATE TRIGGER people_audit_append_only BEFORE UPDATE OR DELETE ON people_auditentry
    FOR EACH ROW EXECUTE FUNCTION people_audit_is_append_only();
"""
NO_LONGER = """
DROP TRIGGER people_audit_append_only ON people_auditentry;
DROP FUNCTION people_audit_is_append_only();
"""


class Migration(migrations.Migration):

    initial = True

    # A database made before these were one has them all, and takes this one for applied.
    replaces = [
        ('people', '0001_initial'),
        ('people', '0002_member_on_board'),
        ('people', '0003_audit_second_factor_and_scopes'),
    ]

    dependencies = [
    ]

    operations = [
        migrations.CreateModel(
            name='Member',
            fields=[
                ('password', models.CharField(max_length=128, verbose_name='password')),
                ('last_login', models.DateTimeField(blank=True, null=True, verbose_name='last login')),
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('username', models.CharField(max_length=40, unique=True, verbose_name='user name')),
                ('role', models.CharField(choices=[('VIEWER', 'Viewer: watches and downloads'), ('SORTER', 'Sorter: uploads and sorts'), ('CURATOR', 'Curator: curates people, tricks and clips'), ('ADMIN', 'Admin: members and everything else')], default='SORTER', max_length=10, verbose_name='role')),
                ('is_active', models.BooleanField(default=True, help_text='Off means removed: no login, but what they did is kept.', verbose_name='active')),
                ('is_on_board', models.BooleanField(default=False, help_text='Whether the others see how many moments they sorted.', verbose_name='on the board')),
                ('date_joined', models.DateTimeField(auto_now_add=True, verbose_name='joined')),
                ('login_mark', models.UUIDField(default=uuid.uuid4, editable=False)),
            ],
            options={
                'verbose_name': 'member',
                'verbose_name_plural': 'members',
                'ordering': [django.db.models.functions.text.Lower('username')],
                'constraints': [models.UniqueConstraint(django.db.models.functions.text.Lower('username'), name='member_name_unique', violation_error_message='This user name is taken.'), models.CheckConstraint(condition=models.Q(('role__in', ['VIEWER', 'SORTER', 'CURATOR', 'ADMIN'])), name='member_role_known')],
            },
        ),
        migrations.CreateModel(
            name='Person',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('display_name', models.CharField(max_length=100, verbose_name='name')),
                ('slug', models.CharField(help_text='The name in file names and folders. Letters, digits, “_” and “-”.', max_length=40, verbose_name='slug')),
                ('created_at', models.DateTimeField(auto_now_add=True, verbose_name='added')),
            ],
            options={
                'verbose_name': 'person',
                'verbose_name_plural': 'people',
                'ordering': [django.db.models.functions.text.Lower('display_name')],
                'constraints': [models.UniqueConstraint(django.db.models.functions.text.Lower('display_name'), name='person_name_unique', violation_error_message='Somebody has this name already.'), models.UniqueConstraint(django.db.models.functions.text.Lower('slug'), name='person_slug_unique', violation_error_message='Somebody has this slug already.'), models.CheckConstraint(condition=models.Q(('slug__regex', '^[A-Za-z0-9]+([_-][A-Za-z0-9]+)*$')), name='person_slug_safe'), models.CheckConstraint(condition=models.Q(('slug__iregex', '^(broll|crash|trick)$'), _negated=True), name='person_slug_not_reserved')],
            },
        ),
        migrations.CreateModel(
            name='SecondFactor',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('sealed_key', models.CharField(editable=False, max_length=250)),
                ('last_step', models.BigIntegerField(default=0, editable=False)),
                ('confirmed_at', models.DateTimeField(editable=False, null=True, verbose_name='on since')),
                ('member', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='second_factor', to=settings.AUTH_USER_MODEL, verbose_name='member')),
            ],
            options={
                'verbose_name': 'second factor',
                'verbose_name_plural': 'second factors',
            },
        ),
        migrations.CreateModel(
            name='ApiToken',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=60, verbose_name='what it is for')),
                ('scope', models.CharField(choices=[('READ', 'Read: find, watch and download'), ('SORT', 'Sort: also upload and sort'), ('ADMIN', 'Everything that I may')], default='SORT', max_length=10, verbose_name='may')),
                ('secret_hash', models.CharField(editable=False, max_length=64, unique=True)),
                ('created_at', models.DateTimeField(auto_now_add=True, verbose_name='made')),
                ('expires_at', models.DateTimeField(editable=False, null=True, verbose_name='ends')),
                ('last_used_at', models.DateTimeField(editable=False, null=True, verbose_name='last used')),
                ('member', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='tokens', to=settings.AUTH_USER_MODEL, verbose_name='member')),
            ],
            options={
                'verbose_name': 'API token',
                'verbose_name_plural': 'API tokens',
                'ordering': ['-created_at'],
                'constraints': [models.CheckConstraint(condition=models.Q(('scope__in', ['READ', 'SORT', 'ADMIN'])), name='token_scope_known')],
            },
        ),
        migrations.CreateModel(
            name='AuditEntry',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('at', models.DateTimeField(auto_now_add=True, verbose_name='when')),
                ('action', models.CharField(max_length=30, verbose_name='did what')),
                ('actor_name', models.CharField(max_length=60, verbose_name='who')),
                ('address', models.GenericIPAddressField(null=True, verbose_name='from')),
                ('target_type', models.CharField(max_length=60, verbose_name='kind of row')),
                ('target_id', models.CharField(max_length=60, verbose_name='row')),
                ('target_name', models.CharField(max_length=200, verbose_name='to what')),
                ('details', models.JSONField(default=dict, encoder=django.core.serializers.json.DjangoJSONEncoder, verbose_name='details')),
                ('actor', models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'audit entry',
                'verbose_name_plural': 'audit trail',
                'ordering': ['-pk'],
                'indexes': [models.Index(fields=['-at'], name='audit_newest_first'), models.Index(fields=['actor_name'], name='audit_by_name'), models.Index(fields=['target_type', 'target_id'], name='audit_of_row')],
            },
        ),
        migrations.CreateModel(
            name='Invite',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('secret_hash', models.CharField(editable=False, max_length=64, unique=True)),
                ('role', models.CharField(choices=[('VIEWER', 'Viewer: watches and downloads'), ('SORTER', 'Sorter: uploads and sorts'), ('CURATOR', 'Curator: curates people, tricks and clips'), ('ADMIN', 'Admin: members and everything else')], default='SORTER', max_length=10, verbose_name='role')),
                ('created_at', models.DateTimeField(auto_now_add=True, verbose_name='made')),
                ('expires_at', models.DateTimeField(verbose_name='ends')),
                ('used_at', models.DateTimeField(editable=False, null=True, verbose_name='used')),
                ('created_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='made by')),
                ('member', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='reset_links', to=settings.AUTH_USER_MODEL, verbose_name='new password for')),
            ],
            options={
                'verbose_name': 'invite link',
                'verbose_name_plural': 'invite links',
                'ordering': ['-created_at'],
                'constraints': [models.CheckConstraint(condition=models.Q(('role__in', ['VIEWER', 'SORTER', 'CURATOR', 'ADMIN'])), name='invite_role_known')],
            },
        ),
        migrations.CreateModel(
            name='PersonAlias',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=100, verbose_name='name')),
                ('person', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='aliases', to='people.person', verbose_name='person')),
            ],
            options={
                'verbose_name': 'alias',
                'verbose_name_plural': 'aliases',
                'ordering': [django.db.models.functions.text.Lower('name')],
                'constraints': [models.UniqueConstraint(django.db.models.functions.text.Lower('name'), name='person_alias_unique', violation_error_message='This alias is taken.')],
            },
        ),
        migrations.CreateModel(
            name='RecoveryCode',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('code_hash', models.CharField(editable=False, max_length=64)),
                ('used_at', models.DateTimeField(editable=False, null=True)),
                ('member', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='recovery_codes', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('member', 'code_hash'), name='recovery_code_once')],
            },
        ),
        migrations.RunSQL(APPEND_ONLY, NO_LONGER),
    ]
