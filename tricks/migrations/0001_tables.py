import django.db.models.deletion
import django.db.models.functions.text
import uuid
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    # A database made before these were one has them all, and takes this one for applied.
    replaces = [
        ('tricks', '0001_initial'),
    ]

    dependencies = [
    ]

    operations = [
        migrations.CreateModel(
            name='Trick',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('name', models.CharField(max_length=100, verbose_name='name')),
                ('slug', models.CharField(help_text='The name in file names and folders. Letters, digits, “_” and “-”.', max_length=40, verbose_name='slug')),
                ('category', models.CharField(default='JUMP', help_text='JUMP, RAIL, BROLL … or a word of your own in capitals.', max_length=20, verbose_name='category')),
                ('direction', models.CharField(blank=True, choices=[('', 'any'), ('FS', 'frontside'), ('BS', 'backside'), ('SW', 'switch'), ('NOLLIE', 'nollie'), ('FAKIE', 'fakie'), ('LEFT', 'left'), ('RIGHT', 'right')], default='', max_length=10, verbose_name='direction')),
                ('created_at', models.DateTimeField(auto_now_add=True, verbose_name='added')),
            ],
            options={
                'verbose_name': 'trick',
                'verbose_name_plural': 'tricks',
                'ordering': [django.db.models.functions.text.Lower('name'), 'direction'],
                'constraints': [models.UniqueConstraint(django.db.models.functions.text.Lower('name'), models.F('direction'), name='trick_name_unique', violation_error_message='This trick is there already.'), models.UniqueConstraint(django.db.models.functions.text.Lower('slug'), name='trick_slug_unique', violation_error_message='Another trick has this slug.'), models.CheckConstraint(condition=models.Q(('slug__regex', '^[A-Za-z0-9]+([_-][A-Za-z0-9]+)*$')), name='trick_slug_safe'), models.CheckConstraint(condition=models.Q(('slug__iregex', '^(broll|crash|trick)$'), _negated=True), name='trick_slug_not_reserved'), models.CheckConstraint(condition=models.Q(('category__regex', '^[A-Z][A-Z0-9_]*$')), name='trick_category_in_capitals', violation_error_message='A category is one word in capitals, like RAIL.'), models.CheckConstraint(condition=models.Q(('direction__in', ['', 'FS', 'BS', 'SW', 'NOLLIE', 'FAKIE', 'LEFT', 'RIGHT'])), name='trick_direction_known')],
            },
        ),
        migrations.CreateModel(
            name='TrickAlias',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=100, verbose_name='name')),
                ('trick', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='aliases', to='tricks.trick', verbose_name='trick')),
            ],
            options={
                'verbose_name': 'alias',
                'verbose_name_plural': 'aliases',
                'ordering': [django.db.models.functions.text.Lower('name')],
                'constraints': [models.UniqueConstraint(django.db.models.functions.text.Lower('name'), name='trick_alias_unique', violation_error_message='This alias is taken.')],
            },
        ),
    ]
