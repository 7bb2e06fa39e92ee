"""Adds the chance that a moment is a trick, which pages show instead of its score."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('clips', '0084_second_looks'),
    ]

    operations = [
        migrations.AddField(
            model_name='candidatesegment',
            name='chance',
            field=models.FloatField(blank=True, help_text='Probability that it is a trick; empty if nothing was measured.', null=True, verbose_name='chance'),
        ),
        migrations.AddConstraint(
            model_name='candidatesegment',
            constraint=models.CheckConstraint(condition=models.Q(('chance', None), models.Q(('chance__gte', 0), ('chance__lte', 1)), _connector='OR'), name='segment_chance_in_unit'),
        ),
    ]
