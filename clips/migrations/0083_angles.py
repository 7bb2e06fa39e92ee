"""Adds tricks with angles: moments of several cameras that are one."""

import django.db.models.deletion
import uuid
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('clips', '0082_looking_for_pairs'),
    ]

    operations = [
        migrations.CreateModel(
            name='AngleGroup',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, primary_key=True, serialize=False)),
                ('created_at', models.DateTimeField(auto_now_add=True, verbose_name='found')),
            ],
            options={
                'verbose_name': 'trick with angles',
                'verbose_name_plural': 'tricks with angles',
            },
        ),
        migrations.CreateModel(
            name='Angle',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('is_lead', models.BooleanField(default=False, verbose_name='sorted first')),
                ('shift_us', models.BigIntegerField(verbose_name='shift in microseconds')),
                ('drift_ppm', models.FloatField(default=0.0, verbose_name='drift of the clocks')),
                ('group', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='angles', to='clips.anglegroup', verbose_name='trick')),
                ('segment', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='angle', to='clips.candidatesegment', verbose_name='moment')),
            ],
            options={
                'verbose_name': 'angle',
                'verbose_name_plural': 'angles',
                'ordering': ['group', '-is_lead', 'pk'],
                'constraints': [models.UniqueConstraint(condition=models.Q(('is_lead', True)), fields=('group',), name='angle_one_lead_per_group')],
            },
        ),
    ]
