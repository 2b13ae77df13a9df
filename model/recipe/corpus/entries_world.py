"""World basics: sky, time, weather, animals, shapes, measures and other simple facts."""

ENTRIES: list[dict] = [
    {
        "id": "sun",
        "names": ["sun"],
        "article": "the",
        "weight": 1.5,
        "answers": {
            "what": ["The sun is a star; it gives the Earth light and warmth."],
            "why": ["The sun shines because deep inside it turns hydrogen into helium, which sets energy free."],
        },
        "asks": {
            "what": [
                "is the sun a star", "is the sun a planet", "what gives us light in the day",
                "what is that bright thing in the sky", "what shines during the day", "which star is closest to us",
                "what kind of thing is the sun", "what warms the earth", "what does the earth go around",
                "what do we see in the sky at noon", "what keeps us warm from the sky",
                "is the sun a star or a planet", "which star do we see by day", "what is the yellow ball in the sky",
                "what is in the middle of our solar system", "tell a child about the sun",
            ],
            "why": [
                "why does the sun shine", "why is the sun hot", "why is the sun bright", "what makes the sun shine",
                "where does the light of the sun come from", "what burns in the sun", "how does the sun make light",
            ],
        },
        "siblings": ["star", "moon", "earth"],
    },
    {
        "id": "moon",
        "names": ["moon"],
        "plural": ["moons"],
        "article": "the",
        "weight": 1.5,
        "answers": {
            "what": ["The moon orbits the Earth; it is a ball of rock that shines in the light of the sun."],
            "why": ["The moon shines because it reflects the light of the sun."],
            "how": ["The moon needs about 27 days to go around the Earth."],
        },
        "asks": {
            "what": [
                "what goes around the earth", "what do we see in the sky at night", "is the moon a star",
                "is the moon a planet", "what is the white ball in the night sky", "what is the moon made of",
                "what orbits our planet", "which thing in the sky is sometimes full and sometimes half",
                "is there cheese on the moon", "around what does the moon move", "what circles our planet",
                "does the moon go around the sun or the earth", "which is the nearest thing to us in space",
                "what is that round light at night",
            ],
            "why": [
                "why does the moon shine", "why can we see the moon at night", "does the moon make its own light",
                "where does the light of the moon come from", "why is the moon bright", "how does the moon shine",
            ],
            "how": [
                "how long does the moon take to go around the earth",
                "how many days does the moon need for one round", "how fast does the moon go around us",
                "how long is one orbit of the moon",
            ],
        },
        "siblings": ["sun", "earth", "star"],
    },
    {
        "id": "earth",
        "names": ["Earth"],
        "article": "the",
        "answers": {
            "what": ["The Earth is the planet we live on; it orbits the sun once a year."],
            "why": ["The Earth has day and night because it turns around itself once in 24 hours."],
            "how": ["The Earth is round like a ball."],
        },
        "asks": {
            "what": [
                "on which planet do we live", "what planet is this", "where do all people live",
                "which planet has life", "what is our home in space", "what is our planet called",
                "is the earth a star", "is the earth a planet", "what goes around the sun with us on it",
                "what is the blue planet", "what is the third planet from the sun", "what is the name of our world",
            ],
            "why": [
                "why is there day and night", "why does it get dark at night", "why do we have nights",
                "where does the sun go at night", "why does the sun rise", "what makes day and night",
                "why is it dark in the evening",
            ],
            "how": [
                "is the earth flat", "what shape does the earth have", "is the earth round",
                "how does the earth look from space", "is the world a disc", "does the earth have an edge",
            ],
        },
        "siblings": ["sun", "moon", "planet"],
    },
    {
        "id": "planet",
        "names": ["planet"],
        "plural": ["planets"],
        "article": "a",
        "answers": {
            "what": ["A planet is a large round body that orbits a star; the Earth is one."],
            "example": ["The planets are Mercury, Venus, Earth, Mars, Jupiter, Saturn, Uranus and Neptune."],
        },
        "asks": {
            "what": [
                "what is a large ball that goes around a star", "what are mars and venus",
                "what kind of thing is jupiter", "what is saturn", "which bodies orbit the sun", "is mars a star",
                "what do you call a world that circles a sun", "what kind of thing is the earth in space",
            ],
            "example": [
                "list the planets", "name the planets", "how many planets are there", "which planets do you know",
                "what planets go around our sun", "give me the names of the planets",
                "tell me all planets of the solar system", "name some planets",
            ],
        },
        "siblings": ["star", "earth", "sun"],
    },
    {
        "id": "star",
        "names": ["star"],
        "plural": ["stars"],
        "article": "a",
        "answers": {
            "what": ["A star is a huge ball of hot gas that gives off light; the sun is one."],
        },
        "asks": {
            "what": [
                "what are the small lights in the night sky", "what twinkles at night",
                "what is a ball of hot gas in space", "what are those shining points above me at night",
                "how are the lights at night called", "what do we see in the sky on a clear night", "is a star hot",
            ],
        },
        "siblings": ["sun", "planet", "moon"],
    },
    {
        "id": "sky_blue",
        "names": ["blue sky"],
        "article": "the",
        "weight": 2.0,
        "answers": {
            "why": ["The sky is blue because the air scatters the blue part of the sunlight most."],
        },
        "asks": {
            "why": [
                "why is the sky blue", "what makes the sky blue", "how come the sky is blue",
                "why is the sky not green", "where does the blue of the sky come from",
                "which light does the air scatter", "who painted the sky blue", "my child asks why the sky is blue",
                "explain the colour of the sky", "why do we see a blue sky", "what is the reason for the blue sky",
                "tell me why the heavens are blue", "why does the sky have that colour",
                "do you know why the sky is blue", "blue sky, why", "why isn't the sky red at noon",
            ],
        },
        "siblings": ["rainbow", "sun"],
    },
    {
        "id": "sky_colour",
        "names": [],
        "article": "",
        "answers": {
            "what": ["The sky is blue on a clear day."],
        },
        "asks": {
            "what": [
                "what colour is the sky", "which colour has the sky", "what color does the sky have",
                "is the sky green", "is the sky blue", "how does the sky look on a clear day",
                "what is the color of the sky",
            ],
        },
        "siblings": ["sky_blue"],
    },
    {
        "id": "sunset",
        "names": ["sunset"],
        "plural": ["sunsets"],
        "article": "a",
        "answers": {
            "why": [
                (
                    "A sunset is red because the light has a long way through the air and most of its "
                    "blue is scattered away."
                ),
            ],
        },
        "asks": {
            "why": [
                "why is the sky red in the evening", "why is the sunset red", "what makes the evening sky red",
                "why is the sun orange in the evening", "how come sunsets are red",
                "why does the sky turn red at dusk",
            ],
        },
        "siblings": ["sky_blue", "sun"],
    },
    {
        "id": "rainbow",
        "names": ["rainbow"],
        "plural": ["rainbows"],
        "article": "a",
        "weight": 1.5,
        "answers": {
            "what": ["A rainbow has the colours red, orange, yellow, green, blue, indigo and violet."],
            "why": ["A rainbow appears when sunlight passes through rain drops and splits into its colours."],
        },
        "asks": {
            "what": [
                "which colours are in a rainbow", "what are the colours of the rainbow", "list the rainbow colours",
                "how many colours does the rainbow have", "name the colors of a rainbow",
                "what color comes after orange in the rainbow", "tell me the rainbow colors in order",
                "which colours do i need to paint a rainbow", "what is the colourful arc in the sky",
                "is green in the rainbow", "say the colours of the rainbow", "red orange yellow, how does it go on",
            ],
            "why": [
                "why do we see a rainbow", "how is a rainbow made", "what makes a rainbow",
                "when does a rainbow appear", "where do rainbows come from", "why is there a rainbow after the rain",
            ],
        },
        "siblings": ["sky_blue", "rain"],
    },
    {
        "id": "days_week",
        "names": ["week"],
        "plural": ["weeks"],
        "article": "a",
        "weight": 1.5,
        "answers": {
            "what": ["A week has 7 days: Monday, Tuesday, Wednesday, Thursday, Friday, Saturday and Sunday."],
        },
        "asks": {
            "what": [
                "how many days are in a week", "how many days does a week have", "what are the days of the week",
                "list the days of the week", "name the weekdays", "how long is a week", "a week has how many days",
                "name all seven days", "which days are there", "tell me the days of the week in order",
                "number of days in one week", "how many days from monday to monday",
                "how many days until the same weekday comes again", "say the days of the week",
            ],
        },
        "siblings": ["months_year", "days_year", "hours_day"],
    },
    {
        "id": "weekend",
        "names": ["weekend"],
        "plural": ["weekends"],
        "article": "the",
        "answers": {
            "what": ["The weekend is Saturday and Sunday."],
        },
        "asks": {
            "what": [
                "which days are the weekend", "on which days do most people not work", "when is the weekend",
                "what comes after friday", "how many days has the weekend", "which two days end the week",
                "days without school",
            ],
        },
        "siblings": ["days_week"],
    },
    {
        "id": "months_year",
        "names": ["months of the year"],
        "article": "the",
        "weight": 1.5,
        "answers": {
            "what": [
                (
                    "A year has 12 months: January, February, March, April, May, June, July, August, "
                    "September, October, November and December."
                ),
            ],
        },
        "asks": {
            "what": [
                "how many months are in a year", "how many months does a year have", "list the months",
                "name the months", "what are the twelve months", "which months are there",
                "a year has how many months", "tell me the months in order", "number of months in one year",
                "say the months of the year", "how many months until my next birthday comes again",
                "what comes after january and so on to december", "how many months make a year",
            ],
        },
        "siblings": ["days_week", "days_year", "seasons"],
    },
    {
        "id": "days_year",
        "names": ["year"],
        "plural": ["years"],
        "article": "a",
        "weight": 1.5,
        "answers": {
            "what": ["A year has 365 days, and a leap year has 366."],
        },
        "asks": {
            "what": [
                "how many days are in a year", "how many days does a year have", "how long is a year",
                "a year has how many days", "number of days in one year",
                "how many days does the earth need to go around the sun",
                "how many days until the same date comes again", "days per year", "how many days make a year",
                "count the days of a year", "what is the length of a year in days", "365 days is how much",
            ],
        },
        "siblings": ["months_year", "days_week", "leap_year"],
    },
    {
        "id": "leap_year",
        "names": ["leap year"],
        "plural": ["leap years"],
        "article": "a",
        "answers": {
            "what": ["A leap year has 366 days, because 29 February is added; it comes about every four years."],
        },
        "asks": {
            "what": [
                "when is february 29 days long", "which year has 366 days",
                "why does february sometimes have 29 days", "how often is there a leap year",
                "what is the year with one more day called", "how many days has a leap year",
                "what happens every four years in the calendar",
            ],
        },
        "siblings": ["days_year", "months_year"],
    },
    {
        "id": "days_month",
        "names": ["month"],
        "plural": ["months"],
        "article": "a",
        "answers": {
            "what": ["A month has 30 or 31 days; February has 28, or 29 in a leap year."],
        },
        "asks": {
            "what": [
                "how many days are in a month", "how many days does february have", "which month is the shortest",
                "how long is a month", "how many days has january", "how many days are in june",
                "a month has how many days", "days per month",
            ],
        },
        "siblings": ["months_year", "days_year"],
    },
    {
        "id": "weeks_year",
        "names": [],
        "article": "",
        "answers": {
            "what": ["A year has about 52 weeks."],
        },
        "asks": {
            "what": [
                "how many weeks are in a year", "how many weeks does a year have", "a year has how many weeks",
                "number of weeks in a year", "weeks per year", "how many mondays are there in a year",
            ],
        },
        "siblings": ["days_year", "months_year"],
    },
    {
        "id": "hours_day",
        "names": ["day"],
        "plural": ["days"],
        "article": "a",
        "answers": {
            "what": ["A day has 24 hours."],
        },
        "asks": {
            "what": [
                "how many hours are in a day", "how many hours does a day have", "how long is a day",
                "a day has how many hours", "number of hours in one day",
                "how often does the small hand of the clock go around, in hours per day", "hours per day",
                "how many hours from midnight to midnight", "in how many hours does the earth turn once",
                "how many hours do day and night have together", "how many hours make a day", "what is 24 hours",
            ],
        },
        "siblings": ["minutes_hour", "days_week"],
    },
    {
        "id": "minutes_hour",
        "names": ["hour"],
        "plural": ["hours"],
        "article": "an",
        "answers": {
            "what": ["An hour has 60 minutes."],
        },
        "asks": {
            "what": [
                "how many minutes are in an hour", "how many minutes does an hour have", "how long is an hour",
                "an hour has how many minutes", "number of minutes in one hour", "minutes per hour",
                "how many minutes until the clock strikes again", "how many minutes make an hour",
                "how many minutes does the big hand need for one round", "what is 60 minutes",
                "one hour is how many minutes",
            ],
        },
        "siblings": ["seconds_minute", "hours_day"],
    },
    {
        "id": "seconds_minute",
        "names": ["minute"],
        "plural": ["minutes"],
        "article": "a",
        "answers": {
            "what": ["A minute has 60 seconds."],
        },
        "asks": {
            "what": [
                "how many seconds are in a minute", "how many seconds does a minute have", "how long is a minute",
                "a minute has how many seconds", "number of seconds in one minute", "seconds per minute",
                "how many seconds make a minute", "what is 60 seconds", "one minute is how many seconds",
                "how many ticks of a second hand in a minute",
            ],
        },
        "siblings": ["minutes_hour", "hours_day"],
    },
    {
        "id": "seconds_hour",
        "names": [],
        "article": "",
        "answers": {
            "what": ["An hour has 3600 seconds."],
        },
        "asks": {
            "what": [
                "how many seconds are in an hour", "seconds per hour", "an hour has how many seconds",
                "how many seconds does an hour have", "number of seconds in one hour", "one hour in seconds",
            ],
        },
        "siblings": ["seconds_minute", "minutes_hour"],
    },
    {
        "id": "milliseconds",
        "names": ["millisecond"],
        "plural": ["milliseconds"],
        "article": "a",
        "answers": {
            "what": ["A second has 1000 milliseconds."],
        },
        "asks": {
            "what": [
                "how many milliseconds are in a second", "what does ms mean", "a second has how many milliseconds",
                "how long is a millisecond", "what is a thousandth of a second", "milliseconds per second",
            ],
        },
        "siblings": ["seconds_minute"],
    },
    {
        "id": "century",
        "names": ["century"],
        "plural": ["centuries"],
        "article": "a",
        "answers": {
            "what": ["A century is 100 years."],
        },
        "asks": {
            "what": [
                "how many years are in a century", "how long is a century", "what are 100 years called",
                "a century has how many years", "years per century", "what do you call one hundred years",
            ],
        },
        "siblings": ["decade", "days_year"],
    },
    {
        "id": "decade",
        "names": ["decade"],
        "plural": ["decades"],
        "article": "a",
        "answers": {
            "what": ["A decade is 10 years."],
        },
        "asks": {
            "what": [
                "how many years are in a decade", "how long is a decade", "what are 10 years called",
                "a decade has how many years", "years per decade", "what do you call ten years",
            ],
        },
        "siblings": ["century", "days_year"],
    },
    {
        "id": "seasons",
        "names": ["seasons"],
        "article": "the",
        "weight": 1.5,
        "answers": {
            "what": ["The seasons are spring, summer, autumn and winter."],
            "why": [
                (
                    "The seasons change because the axis of the Earth is tilted, so each half gets more "
                    "sunlight for a part of the year."
                ),
            ],
        },
        "asks": {
            "what": [
                "what are the four seasons", "how many seasons are there", "list the seasons", "name the seasons",
                "which seasons does a year have", "in what parts is the year divided by weather",
                "tell me the seasons in order", "say the seasons of the year", "what are the four parts of the year",
                "spring, summer and what else", "how many seasons are in a year", "which seasons do you know",
            ],
            "why": [
                "why are there seasons", "why is it warm in summer", "why is it cold in winter",
                "what makes the seasons", "why do the seasons change", "why is winter colder than summer",
            ],
        },
        "siblings": ["spring", "summer", "winter"],
    },
    {
        "id": "spring",
        "names": ["spring"],
        "article": "",
        "answers": {
            "what": ["Spring is the season after winter, when plants begin to grow again."],
        },
        "asks": {
            "what": [
                "when do flowers begin to grow", "which season comes after winter",
                "in which season do the trees become green", "what is the season before summer",
                "when does nature wake up", "which season is march, april and may",
            ],
        },
        "siblings": ["summer", "autumn", "winter"],
    },
    {
        "id": "summer",
        "names": ["summer"],
        "plural": ["summers"],
        "article": "",
        "answers": {
            "what": ["Summer is the warmest season; it comes after spring."],
        },
        "asks": {
            "what": [
                "which season is the warmest", "which season comes after spring", "when is it hot",
                "what is the season before autumn", "in which season do people go to the beach",
                "when are the days longest", "what is the hottest time of the year",
            ],
        },
        "siblings": ["spring", "autumn", "winter"],
    },
    {
        "id": "autumn",
        "names": ["autumn", "fall"],
        "article": "",
        "answers": {
            "what": ["Autumn is the season after summer, when the leaves fall."],
        },
        "asks": {
            "what": [
                "when do the leaves fall", "which season comes after summer", "in which season do leaves turn yellow",
                "what is the season before winter", "what is fall in british english",
                "when do trees lose their leaves",
            ],
        },
        "siblings": ["spring", "summer", "winter"],
    },
    {
        "id": "winter",
        "names": ["winter"],
        "plural": ["winters"],
        "article": "",
        "answers": {
            "what": ["Winter is the coldest season; it comes after autumn."],
        },
        "asks": {
            "what": [
                "which season is the coldest", "which season comes after autumn", "when does it snow",
                "what is the season before spring", "in which season can i build a snowman",
                "when are the nights longest", "what is the coldest time of the year",
            ],
        },
        "siblings": ["spring", "summer", "autumn"],
    },
    {
        "id": "boil",
        "names": ["boiling point of water"],
        "article": "the",
        "weight": 1.5,
        "answers": {
            "what": ["Water boils at 100 degrees Celsius."],
        },
        "asks": {
            "what": [
                "at what temperature does water boil", "when does water boil", "how hot must water be to boil",
                "at how many degrees does water boil", "what is the boiling point of water",
                "when do bubbles rise in hot water", "how hot is boiling water", "when does water turn into steam",
                "how many degrees has cooking water", "does water boil at 50 degrees", "water boils at what degree",
                "what temperature makes water boil", "my kettle is bubbling, how hot is the water",
                "is 100 degrees enough to boil water", "at which temperature does a kettle whistle",
            ],
        },
        "siblings": ["freeze", "water", "steam"],
    },
    {
        "id": "freeze",
        "names": ["freezing point of water"],
        "article": "the",
        "weight": 1.5,
        "answers": {
            "what": ["Water freezes at 0 degrees Celsius."],
        },
        "asks": {
            "what": [
                "at what temperature does water freeze", "when does water freeze", "how cold must water be to freeze",
                "at how many degrees does water turn into ice", "what is the freezing point of water",
                "when does water become ice", "how cold is freezing water", "at which temperature does ice form",
                "does water freeze at 10 degrees", "water freezes at what degree",
                "what temperature makes water hard", "when does a lake get ice", "how cold must it be for ice",
                "when does ice melt", "at what temperature does ice melt",
            ],
        },
        "siblings": ["boil", "water", "ice"],
    },
    {
        "id": "water",
        "names": ["water"],
        "article": "",
        "answers": {
            "what": ["Water is a clear liquid that all living things need."],
        },
        "asks": {
            "what": [
                "what comes out of the tap", "what do fish swim in", "what fills the sea",
                "what do we drink when we are thirsty", "what falls from the clouds", "what is rain made of",
                "what is h2o", "which liquid do all living things need", "is water wet",
                "what do plants need to drink",
            ],
        },
        "siblings": ["ice", "steam", "boil"],
    },
    {
        "id": "ice",
        "names": ["ice"],
        "article": "",
        "answers": {
            "what": ["Ice is frozen water."],
        },
        "asks": {
            "what": [
                "what is frozen water called", "what does water become when it is very cold",
                "what are snowmen and glaciers made of", "what is hard water on a winter lake",
                "what do i put in a cold drink", "what is solid water",
            ],
        },
        "siblings": ["water", "steam", "freeze"],
    },
    {
        "id": "steam",
        "names": ["steam"],
        "article": "",
        "answers": {
            "what": ["Steam is water that has become a gas because it is hot."],
        },
        "asks": {
            "what": [
                "what does boiling water turn into", "what comes out of a kettle", "what is water as a gas",
                "what is the hot cloud above a pot", "what is water vapour", "what rises from hot tea",
            ],
        },
        "siblings": ["water", "ice", "boil"],
    },
    {
        "id": "rain",
        "names": ["rain"],
        "article": "",
        "answers": {
            "what": ["Rain is water that falls in drops from the clouds."],
            "why": ["Rain falls when the drops in a cloud become too heavy to stay in the air."],
        },
        "asks": {
            "what": [
                "what falls from the clouds in drops", "why do i need an umbrella", "what makes the street wet",
                "what is water from the sky", "what waters the gardens for free",
                "what comes down when the clouds are heavy",
            ],
            "why": [
                "why does it rain", "how does rain form", "where does rain come from", "what makes it rain",
                "how is rain made", "why do clouds drop water",
            ],
        },
        "siblings": ["snow", "cloud", "rainbow"],
    },
    {
        "id": "snow",
        "names": ["snow"],
        "article": "",
        "answers": {
            "what": ["Snow is made of small ice crystals that fall from the clouds when it is cold."],
        },
        "asks": {
            "what": [
                "what falls in winter", "what is white and cold and falls from the sky", "what is a snowman made of",
                "what are snowflakes", "why is the garden white in winter", "what is frozen rain",
                "what do i need for a sledge ride",
            ],
        },
        "siblings": ["rain", "ice", "cloud"],
    },
    {
        "id": "cloud",
        "names": ["cloud"],
        "plural": ["clouds"],
        "article": "a",
        "answers": {
            "what": ["A cloud is made of many tiny drops of water floating in the air."],
        },
        "asks": {
            "what": [
                "what are the white things in the sky", "what floats in the sky and brings rain",
                "what is a cloud made of", "what covers the sun on a grey day", "where does rain come out of",
                "are clouds made of cotton",
            ],
        },
        "siblings": ["rain", "snow", "sky_colour"],
    },
    {
        "id": "wind",
        "names": ["wind"],
        "article": "the",
        "answers": {
            "what": ["The wind is moving air."],
        },
        "asks": {
            "what": [
                "what moves the leaves of a tree", "what is moving air called", "what blows my hat away",
                "what makes a sailing boat go", "what makes waves on the sea", "what do you feel on a stormy day",
            ],
        },
        "siblings": ["rain", "cloud"],
    },
    {
        "id": "fire",
        "names": ["fire"],
        "plural": ["fires"],
        "article": "a",
        "answers": {
            "what": ["A fire is burning material that gives off heat and light."],
        },
        "asks": {
            "what": [
                "what is hot and has flames", "what do i need to grill a sausage", "what burns wood",
                "what does a match make", "what do the firemen put out", "what gives heat and light in a camp",
            ],
        },
        "siblings": ["sun", "ice"],
    },
    {
        "id": "dog_legs",
        "names": [],
        "article": "",
        "answers": {
            "what": ["A dog has 4 legs."],
        },
        "asks": {
            "what": [
                "how many legs does a dog have", "how many legs has a dog", "a dog has how many legs",
                "number of legs of a dog", "on how many legs does a dog run", "does a dog have 4 legs",
                "how many paws does a dog have", "how many feet has a puppy", "count the legs of a dog",
                "a dog walks on how many legs",
            ],
        },
        "siblings": ["spider_legs", "human_legs", "insect_legs"],
    },
    {
        "id": "cat_legs",
        "names": [],
        "article": "",
        "answers": {
            "what": ["A cat has 4 legs."],
        },
        "asks": {
            "what": [
                "how many legs does a cat have", "how many legs has a cat", "a cat has how many legs",
                "number of legs of a cat", "on how many legs does a cat walk", "how many paws does a cat have",
                "how many feet has a kitten",
            ],
        },
        "siblings": ["dog_legs", "bird_legs", "spider_legs"],
    },
    {
        "id": "horse_legs",
        "names": [],
        "article": "",
        "answers": {
            "what": ["A horse has 4 legs."],
        },
        "asks": {
            "what": [
                "how many legs does a horse have", "how many legs has a horse", "a horse has how many legs",
                "number of legs of a horse", "on how many legs does a horse stand",
                "how many hooves does a horse have",
            ],
        },
        "siblings": ["cow_legs", "dog_legs", "human_legs"],
    },
    {
        "id": "cow_legs",
        "names": [],
        "article": "",
        "answers": {
            "what": ["A cow has 4 legs."],
        },
        "asks": {
            "what": [
                "how many legs does a cow have", "how many legs has a cow", "a cow has how many legs",
                "number of legs of a cow", "on how many legs does a cow stand", "how many legs do cows have",
            ],
        },
        "siblings": ["horse_legs", "bird_legs", "fish_legs"],
    },
    {
        "id": "spider_legs",
        "names": [],
        "article": "",
        "weight": 1.5,
        "answers": {
            "what": ["A spider has 8 legs."],
        },
        "asks": {
            "what": [
                "how many legs does a spider have", "how many legs has a spider", "a spider has how many legs",
                "number of legs of a spider", "on how many legs does a spider walk", "does a spider have six legs",
                "does a spider have 8 legs", "how many legs do spiders have", "count the legs of a spider",
                "the animal that makes webs has how many legs", "how many feet has a spider", "spider legs, how many",
                "which animal has 8 legs",
            ],
        },
        "siblings": ["insect_legs", "dog_legs", "human_legs"],
    },
    {
        "id": "insect_legs",
        "names": [],
        "article": "",
        "answers": {
            "what": ["An insect has 6 legs."],
        },
        "asks": {
            "what": [
                "how many legs does an insect have", "how many legs has an ant", "an insect has how many legs",
                "number of legs of a bee", "how many legs do insects have", "how many legs does a fly have",
                "how many legs does a beetle have", "does an insect have eight legs",
                "count the legs of a bug in the garden", "how many feet has an ant", "which animals have 6 legs",
                "a bee stands on how many legs", "how many legs does a butterfly have",
            ],
        },
        "siblings": ["spider_legs", "dog_legs", "bird_legs"],
    },
    {
        "id": "human_legs",
        "names": [],
        "article": "",
        "answers": {
            "what": ["A human has 2 legs."],
        },
        "asks": {
            "what": [
                "how many legs does a human have", "how many legs has a person", "a human has how many legs",
                "number of legs of a man", "on how many legs do people walk", "how many legs do i have",
                "how many legs do people have", "how many feet do humans have", "does a human have four legs",
                "how many legs does a woman have", "how many legs does a child have",
            ],
        },
        "siblings": ["dog_legs", "bird_legs", "spider_legs"],
    },
    {
        "id": "bird_legs",
        "names": [],
        "article": "",
        "answers": {
            "what": ["A bird has 2 legs and 2 wings."],
        },
        "asks": {
            "what": [
                "how many legs does a bird have", "how many legs has a bird", "a bird has how many legs",
                "how many wings does a bird have", "number of legs of a hen", "on how many legs does a chicken stand",
                "how many legs does a duck have", "how many legs does a penguin have",
            ],
        },
        "siblings": ["insect_legs", "dog_legs", "human_legs"],
    },
    {
        "id": "fish_legs",
        "names": [],
        "article": "",
        "answers": {
            "what": ["A fish has no legs; it swims with fins."],
        },
        "asks": {
            "what": [
                "how many legs does a fish have", "does a fish have legs", "how many legs has a shark",
                "a fish has how many legs", "number of legs of a fish", "with what does a fish swim",
                "can a fish walk",
            ],
        },
        "siblings": ["bird_legs", "snake_legs", "dog_legs"],
    },
    {
        "id": "snake_legs",
        "names": [],
        "article": "",
        "answers": {
            "what": ["A snake has no legs."],
        },
        "asks": {
            "what": [
                "how many legs does a snake have", "does a snake have legs", "how many legs has a worm or a snake",
                "a snake has how many legs", "number of legs of a snake", "can a snake walk on legs",
            ],
        },
        "siblings": ["fish_legs", "spider_legs", "dog_legs"],
    },
    {
        "id": "fingers",
        "names": [],
        "article": "",
        "answers": {
            "what": ["A hand has 5 fingers, so a human has 10."],
        },
        "asks": {
            "what": [
                "how many fingers does a hand have", "how many fingers do i have",
                "how many fingers does a human have", "number of fingers on both hands",
                "a hand has how many fingers", "how many fingers are on one hand", "how many toes does a foot have",
            ],
        },
        "siblings": ["human_legs", "eyes"],
    },
    {
        "id": "eyes",
        "names": [],
        "article": "",
        "answers": {
            "what": ["A human has 2 eyes, 2 ears, one nose and one mouth."],
        },
        "asks": {
            "what": [
                "how many eyes does a human have", "how many ears do i have", "how many eyes do people have",
                "how many noses does a person have", "number of eyes of a human", "how many ears has a man",
            ],
        },
        "siblings": ["fingers", "human_legs"],
    },
    {
        "id": "senses",
        "names": ["senses"],
        "article": "the",
        "answers": {
            "what": ["The five senses are sight, hearing, smell, taste and touch."],
        },
        "asks": {
            "what": [
                "what are the five senses", "how many senses do people have", "list the senses", "name the senses",
                "with what do we notice the world", "seeing and hearing are what",
            ],
        },
        "siblings": ["eyes", "fingers"],
    },
    {
        "id": "animal_sounds_dog",
        "names": [],
        "article": "",
        "answers": {
            "what": ["A dog says woof."],
        },
        "asks": {
            "what": [
                "what does a dog say", "how does a dog bark", "which sound does a dog make",
                "what is the sound of a dog", "which animal says woof", "what noise does a dog make", "who barks",
            ],
        },
        "siblings": ["animal_sounds_cat", "animal_sounds_cow"],
    },
    {
        "id": "animal_sounds_cat",
        "names": [],
        "article": "",
        "answers": {
            "what": ["A cat says meow."],
        },
        "asks": {
            "what": [
                "what does a cat say", "how does a cat sound", "which sound does a cat make",
                "what is the sound of a cat", "which animal says meow", "what noise does a cat make", "who purrs",
            ],
        },
        "siblings": ["animal_sounds_cow", "animal_sounds_dog"],
    },
    {
        "id": "animal_sounds_cow",
        "names": [],
        "article": "",
        "answers": {
            "what": ["A cow says moo."],
        },
        "asks": {
            "what": [
                "what does a cow say", "how does a cow sound", "which sound does a cow make",
                "what is the sound of a cow", "which animal says moo", "what noise does a cow make",
            ],
        },
        "siblings": ["animal_sounds_dog", "animal_sounds_cat"],
    },
    {
        "id": "cat",
        "names": ["cat"],
        "plural": ["cats"],
        "article": "a",
        "answers": {
            "what": ["A cat is a small animal with soft fur that many people keep as a pet; it says meow."],
        },
        "asks": {
            "what": [
                "which pet catches mice", "which animal purrs", "what animal sleeps all day on the sofa",
                "which pet always lands on its feet", "what kind of animal is a kitten",
                "which animal hates water and likes milk",
            ],
        },
        "siblings": ["dog", "bird", "mouse_animal"],
    },
    {
        "id": "dog",
        "names": ["dog"],
        "plural": ["dogs"],
        "article": "a",
        "answers": {
            "what": ["A dog is an animal that many people keep as a pet; it is loyal and it barks."],
        },
        "asks": {
            "what": [
                "which pet barks", "which animal is called the best friend of man", "what kind of animal is a puppy",
                "which animal fetches sticks", "which pet guards the house", "which animal do i walk on a leash",
            ],
        },
        "siblings": ["cat", "bird", "fish"],
    },
    {
        "id": "bird",
        "names": ["bird"],
        "plural": ["birds"],
        "article": "a",
        "answers": {
            "what": ["A bird is an animal with feathers and two wings; most birds can fly."],
        },
        "asks": {
            "what": [
                "which animals have feathers", "what animals can fly and sing", "which animal lays eggs in a nest",
                "what kind of animal is an eagle", "which animal has a beak", "what sings in the tree in the morning",
            ],
        },
        "siblings": ["fish", "cat", "penguin"],
    },
    {
        "id": "penguin",
        "names": ["penguin"],
        "plural": ["penguins"],
        "article": "a",
        "answers": {
            "what": ["A penguin is a bird that cannot fly but swims well; it is also the sign of Linux."],
        },
        "asks": {
            "what": [
                "which bird cannot fly but swims", "what bird lives on the ice", "which black and white bird waddles",
                "which animal is the mascot of linux", "who is tux", "can a penguin fly",
            ],
        },
        "siblings": ["bird", "fish"],
    },
    {
        "id": "fish",
        "names": ["fish"],
        "article": "a",
        "answers": {
            "what": ["A fish is an animal that lives in water and breathes with gills."],
        },
        "asks": {
            "what": [
                "which animal lives in water", "what animal breathes with gills", "what swims in the sea",
                "what kind of animal is a shark", "which pet lives in a glass of water", "what animals have fins",
            ],
        },
        "siblings": ["bird", "cat", "dog"],
    },
    {
        "id": "mouse_animal",
        "names": ["mouse"],
        "plural": ["mice"],
        "article": "a",
        "answers": {
            "what": ["A mouse is a small grey animal, and also the device that moves the pointer on a screen."],
        },
        "asks": {
            "what": [
                "which small grey animal likes cheese", "what device moves the pointer", "what do cats chase",
                "which animal has the same name as a computer part", "what do i click with",
                "what is next to my keyboard",
            ],
        },
        "siblings": ["cat", "bird"],
    },
    {
        "id": "tree",
        "names": ["tree"],
        "plural": ["trees"],
        "article": "a",
        "answers": {
            "what": ["A tree is a tall plant with a trunk of wood, branches and leaves."],
        },
        "asks": {
            "what": [
                "what is a tall plant with leaves", "which plant has a trunk", "where does wood come from",
                "what grows in a forest", "in what do birds build nests", "what gives apples",
            ],
        },
        "siblings": ["flower", "wind"],
    },
    {
        "id": "flower",
        "names": ["flower"],
        "plural": ["flowers"],
        "article": "a",
        "answers": {
            "what": ["A flower is the coloured part of a plant that makes seeds."],
        },
        "asks": {
            "what": [
                "what do bees visit", "which part of a plant is colourful", "what is a rose",
                "what do i give to my mother on her birthday, it smells nice",
                "what grows in a garden and smells good", "what is a tulip",
            ],
        },
        "siblings": ["tree", "bird"],
    },
    {
        "id": "sea",
        "names": ["sea"],
        "plural": ["seas"],
        "article": "the",
        "answers": {
            "what": ["The sea is a very large body of salt water."],
        },
        "asks": {
            "what": [
                "where do ships sail", "which water is salty", "where does a river end", "where do whales live",
                "what is larger than a lake and salty", "what is an ocean",
            ],
        },
        "siblings": ["river", "mountain", "water"],
    },
    {
        "id": "river",
        "names": ["river"],
        "plural": ["rivers"],
        "article": "a",
        "answers": {
            "what": ["A river is water that flows over the land to a lake or the sea."],
        },
        "asks": {
            "what": [
                "what flows to the sea", "what goes under a bridge", "what is a long stream of water",
                "what is the danube", "where does fresh water flow", "which water has a bed but never sleeps",
            ],
        },
        "siblings": ["sea", "mountain"],
    },
    {
        "id": "mountain",
        "names": ["mountain"],
        "plural": ["mountains"],
        "article": "a",
        "answers": {
            "what": ["A mountain is a very high part of the land."],
        },
        "asks": {
            "what": [
                "what is higher than a hill", "what do climbers climb", "where does snow stay in summer",
                "what is a very high part of the land", "what are the alps", "what stands high over a valley",
            ],
        },
        "siblings": ["sea", "river"],
    },
    {
        "id": "continents",
        "names": ["continents"],
        "article": "the",
        "answers": {
            "what": [
                "The continents are Africa, Antarctica, Asia, Australia, Europe, North America and South America.",
            ],
        },
        "asks": {
            "what": [
                "what are the seven continents", "how many continents are there", "list the continents",
                "name the continents", "what are europe and asia", "which continents do you know",
                "what large pieces of land does the earth have",
            ],
        },
        "siblings": ["earth", "sea"],
    },
    {
        "id": "compass",
        "names": ["compass directions"],
        "article": "the",
        "answers": {
            "what": ["The four directions are north, east, south and west."],
        },
        "asks": {
            "what": [
                "what are the four directions", "which directions does a compass show", "north, south and what else",
                "name the directions on a map", "list the compass points", "where does the needle point",
            ],
        },
        "siblings": ["earth", "continents"],
    },
    {
        "id": "sunrise",
        "names": ["sunrise"],
        "plural": ["sunrises"],
        "article": "the",
        "answers": {
            "what": ["The sun rises in the east and sets in the west."],
        },
        "asks": {
            "what": [
                "where does the sun rise", "where does the sun set", "in which direction does the sun go down",
                "on which side does the day begin", "does the sun rise in the west",
                "where is the sun in the morning",
            ],
        },
        "siblings": ["sunset", "sun"],
    },
    {
        "id": "colours_basic",
        "names": ["colours"],
        "article": "",
        "answers": {
            "what": ["Common colours are red, orange, yellow, green, blue, brown, black and white."],
        },
        "asks": {
            "what": [
                "which colours are there", "name some colours", "list a few colors", "what colours do you know",
                "tell me three colours", "give me some colors",
            ],
        },
        "siblings": ["rainbow", "mixing"],
    },
    {
        "id": "mixing",
        "names": [],
        "article": "",
        "answers": {
            "what": ["Blue and yellow paint make green, red and yellow make orange, and red and blue make purple."],
        },
        "asks": {
            "what": [
                "how do i mix green", "which colours make green", "what do blue and yellow make",
                "how do i get orange paint", "what do red and blue make", "which colours make purple",
                "what happens when i mix red and yellow",
            ],
        },
        "siblings": ["colours_basic", "rainbow"],
    },
    {
        "id": "colour_things",
        "names": [],
        "article": "",
        "answers": {
            "what": ["Grass is green."],
        },
        "asks": {
            "what": [
                "what colour is grass", "is grass green", "which colour has grass", "what color are leaves in summer",
                "what is the colour of a meadow", "what color is the lawn",
            ],
        },
        "siblings": ["sky_colour", "colours_basic"],
    },
    {
        "id": "colour_banana",
        "names": [],
        "article": "",
        "answers": {
            "what": ["A banana is yellow."],
        },
        "asks": {
            "what": [
                "what colour is a banana", "is a banana yellow", "which colour has a banana",
                "what color are bananas", "what colour does a ripe banana have", "which fruit is long and yellow",
            ],
        },
        "siblings": ["colour_things", "colour_snow"],
    },
    {
        "id": "colour_snow",
        "names": [],
        "article": "",
        "answers": {
            "what": ["Snow is white."],
        },
        "asks": {
            "what": [
                "what colour is snow", "is snow white", "which colour has snow", "what color does snow have",
                "what colour is milk and snow", "is snow black",
            ],
        },
        "siblings": ["colour_banana", "colour_blood"],
    },
    {
        "id": "colour_blood",
        "names": [],
        "article": "",
        "answers": {
            "what": ["Blood is red."],
        },
        "asks": {
            "what": [
                "what colour is blood", "is blood red", "which colour has blood", "what color does blood have",
                "is blood blue", "what colour comes out when i cut my finger",
            ],
        },
        "siblings": ["colour_snow", "colour_things"],
    },
    {
        "id": "apple",
        "names": ["apple"],
        "plural": ["apples"],
        "article": "an",
        "answers": {
            "what": ["An apple is a round fruit that grows on a tree."],
        },
        "asks": {
            "what": [
                "which fruit is round and grows on a tree", "what did newton see falling, a round fruit",
                "which fruit keeps the doctor away", "what is pie often made of, a fruit",
                "which fruit can be red, green or yellow", "is an apple a fruit",
            ],
        },
        "siblings": ["tree", "colour_banana"],
    },
    {
        "id": "circle",
        "names": ["circle"],
        "plural": ["circles"],
        "article": "a",
        "answers": {
            "what": ["A circle is a perfectly round line; all its points have the same distance from the centre."],
        },
        "asks": {
            "what": [
                "which shape has no corners", "what is a round shape called", "what shape is a wheel",
                "how many corners has a circle", "what does a compass draw", "what shape is a coin",
            ],
        },
        "siblings": ["triangle", "square_shape", "pi"],
    },
    {
        "id": "triangle",
        "names": ["triangle"],
        "plural": ["triangles"],
        "article": "a",
        "answers": {
            "what": ["A triangle is a shape with 3 sides and 3 corners."],
        },
        "asks": {
            "what": [
                "which shape has three sides", "how many sides does a triangle have",
                "how many corners has a triangle", "what shape has 3 corners", "what is a shape like a roof",
                "number of sides of a triangle",
            ],
        },
        "siblings": ["circle", "square_shape"],
    },
    {
        "id": "square_shape",
        "names": ["square"],
        "plural": ["squares"],
        "article": "a",
        "answers": {
            "what": ["A square is a shape with 4 equal sides and 4 right angles."],
        },
        "asks": {
            "what": [
                "which shape has four equal sides", "how many sides does a square have",
                "how many corners has a square", "what shape is a chess field",
                "what is a box shape with equal sides", "number of sides of a square",
            ],
        },
        "siblings": ["circle", "triangle"],
    },
    {
        "id": "even_number",
        "names": ["even number"],
        "plural": ["even numbers"],
        "article": "an",
        "answers": {
            "what": ["An even number can be divided by 2 without rest, such as 2, 4, 6 and 8."],
        },
        "asks": {
            "what": [
                "which numbers can be divided by two", "what are 2 4 6 8 called", "when is a number even",
                "how do i see that a number is even", "what does even mean for a number", "list some even numbers",
                "which numbers make pairs",
            ],
        },
        "siblings": ["odd_number", "prime"],
    },
    {
        "id": "odd_number",
        "names": ["odd number"],
        "plural": ["odd numbers"],
        "article": "an",
        "answers": {
            "what": ["An odd number cannot be divided by 2 without rest, such as 1, 3, 5 and 7."],
        },
        "asks": {
            "what": [
                "which numbers cannot be divided by two", "what are 1 3 5 7 called", "when is a number odd",
                "how do i see that a number is odd", "what does odd mean for a number", "list some odd numbers",
                "which numbers leave one over",
            ],
        },
        "siblings": ["even_number", "prime"],
    },
    {
        "id": "dozen",
        "names": ["dozen"],
        "plural": ["dozens"],
        "article": "a",
        "answers": {
            "what": ["A dozen is 12."],
        },
        "asks": {
            "what": [
                "how many is a dozen", "how many eggs are in a dozen", "what number is a dozen",
                "a dozen means how many", "what do you call twelve of something", "how much is a dozen",
            ],
        },
        "siblings": ["century"],
    },
    {
        "id": "kilometre",
        "names": ["kilometre"],
        "plural": ["kilometres"],
        "article": "a",
        "answers": {
            "what": ["A kilometre is 1000 metres."],
        },
        "asks": {
            "what": [
                "how many metres are in a kilometre", "how long is a kilometre", "a kilometre has how many metres",
                "metres per kilometre", "what does km mean", "what are 1000 metres called",
            ],
        },
        "siblings": ["kilogram"],
    },
    {
        "id": "kilogram",
        "names": ["kilogram"],
        "plural": ["kilograms"],
        "article": "a",
        "answers": {
            "what": ["A kilogram is 1000 grams."],
        },
        "asks": {
            "what": [
                "how many grams are in a kilogram", "how heavy is a kilogram", "a kilogram has how many grams",
                "grams per kilogram", "what does kg mean", "what are 1000 grams called",
            ],
        },
        "siblings": ["kilometre"],
    },
    {
        "id": "centimetres",
        "names": ["metre"],
        "plural": ["metres"],
        "article": "a",
        "answers": {
            "what": ["A metre is 100 centimetres."],
        },
        "asks": {
            "what": [
                "how many centimetres are in a metre", "how long is a metre", "a metre has how many centimetres",
                "centimetres per metre", "what are 100 centimetres called", "what does cm mean",
            ],
        },
        "siblings": ["kilometre", "kilogram"],
    },
    {
        "id": "alphabet",
        "names": ["alphabet"],
        "article": "the",
        "answers": {
            "what": ["The English alphabet has 26 letters, from A to Z."],
        },
        "asks": {
            "what": [
                "how many letters are in the alphabet", "say the alphabet", "how many letters does english have",
                "which letter is the first one", "what is the last letter", "a b c and so on, how many are there",
                "number of letters in the alphabet",
            ],
        },
        "siblings": ["vowels"],
    },
    {
        "id": "vowels",
        "names": ["vowels"],
        "article": "the",
        "answers": {
            "what": ["The vowels are A, E, I, O and U."],
        },
        "asks": {
            "what": [
                "which letters are vowels", "list the vowels", "how many vowels are there", "is e a vowel",
                "name the vowels", "a, e and which other letters are vowels",
            ],
        },
        "siblings": ["alphabet"],
    },
    {
        "id": "europe",
        "names": ["Europe"],
        "article": "",
        "answers": {
            "what": ["Europe is a continent; France, Germany, Italy and Spain are some of its countries."],
        },
        "asks": {
            "what": [
                "is europe a country", "on which continent is france", "where is germany",
                "on which continent is hungary", "which continent has italy and spain", "where is poland",
                "what kind of thing is europe",
            ],
        },
        "siblings": ["continents", "earth"],
    },
    {
        "id": "country",
        "names": ["country"],
        "plural": ["countries"],
        "article": "a",
        "answers": {
            "what": ["A country is a land with its own government, such as France or Japan."],
        },
        "asks": {
            "what": [
                "what are france and japan", "what kind of thing is italy", "what is a land with its own government",
                "what is a state with a flag", "what do passports belong to", "is spain a country",
            ],
        },
        "siblings": ["capital_word", "continents"],
    },
    {
        "id": "capital_word",
        "names": ["capital", "capital city"],
        "plural": ["capitals", "capital cities"],
        "article": "a",
        "answers": {
            "what": ["A capital is the city from which a country is governed, such as Paris in France."],
        },
        "asks": {
            "what": [
                "what kind of city is paris for france", "what do you call the city with the government",
                "what is the main city of a country called", "where does a government usually sit",
                "what does it mean that a city is the capital", "in which city is a country governed",
            ],
        },
        "siblings": ["country"],
    },
    {
        "id": "gravity",
        "names": ["gravity"],
        "article": "",
        "answers": {
            "what": ["Gravity is the force that pulls things towards the Earth."],
        },
        "asks": {
            "what": [
                "why do things fall down", "what pulls an apple to the ground", "what keeps us on the ground",
                "which force makes things fall", "why do i come down when i jump", "what makes a ball fall",
                "why do we not fly away",
            ],
        },
        "siblings": ["earth", "moon"],
    },
    {
        "id": "night_day",
        "names": ["night"],
        "plural": ["nights"],
        "article": "the",
        "answers": {
            "what": ["The night is the dark time between sunset and sunrise."],
        },
        "asks": {
            "what": [
                "when is it dark outside", "what comes after the evening", "when do people sleep",
                "when can we see the stars", "what is the opposite of day in time",
                "in which part of the day is it dark",
            ],
        },
        "siblings": ["hours_day", "earth"],
    },
    {
        "id": "milk",
        "names": ["milk"],
        "article": "",
        "answers": {
            "what": ["Milk is a white drink that comes from cows."],
        },
        "asks": {
            "what": [
                "what drink comes from a cow", "what white drink is good for children", "where does milk come from",
                "what is cheese made of", "which animal gives milk", "what do i pour on my cereal",
            ],
        },
        "siblings": ["water", "cow_legs"],
    },
    {
        "id": "bread",
        "names": ["bread"],
        "article": "",
        "answers": {
            "what": ["Bread is food baked from flour and water."],
        },
        "asks": {
            "what": [
                "what is baked from flour", "what does a baker make", "what is toast made of",
                "what do i use for a sandwich", "what food is made from flour and water",
                "what do people eat with butter",
            ],
        },
        "siblings": ["milk", "apple"],
    },
    {
        "id": "egg",
        "names": ["egg"],
        "plural": ["eggs"],
        "article": "an",
        "answers": {
            "what": ["An egg is laid by a bird, and a young bird can grow in it."],
        },
        "asks": {
            "what": [
                "what does a hen lay", "where does a chick come from", "what is round, white and breaks easily",
                "what do birds lay", "what do i need for an omelette", "what has a shell and a yolk",
            ],
        },
        "siblings": ["bird", "milk"],
    },
    {
        "id": "bee",
        "names": ["bee"],
        "plural": ["bees"],
        "article": "a",
        "answers": {
            "what": ["A bee is a small flying insect that visits flowers and makes honey."],
        },
        "asks": {
            "what": [
                "which insect makes honey", "where does honey come from", "which insect visits flowers",
                "what buzzes and can sting", "what lives in a hive", "which yellow and black insect is useful",
            ],
        },
        "siblings": ["flower", "bird"],
    },
    {
        "id": "fastest_animal",
        "names": [],
        "article": "",
        "answers": {
            "what": ["The cheetah is the fastest animal on land."],
        },
        "asks": {
            "what": [
                "which animal is the fastest", "which animal runs fastest", "what is the quickest animal on land",
                "what animal wins every race", "name the fastest animal",
            ],
        },
        "siblings": ["bird", "dog"],
    },
    {
        "id": "largest_animal",
        "names": [],
        "article": "",
        "answers": {
            "what": ["The blue whale is the largest animal on Earth."],
        },
        "asks": {
            "what": [
                "which animal is the largest", "what is the biggest animal", "which animal is the heaviest",
                "what is the largest animal in the sea", "name the biggest animal of the world",
            ],
        },
        "siblings": ["fish", "fastest_animal"],
    },
]

PAIRS: list[dict] = [
    {
        "a": "sun",
        "b": "moon",
        "answers": [
            "The sun is a star that makes its own light; the moon orbits the Earth and only reflects sunlight.",
        ],
        "asks": [
            "which one shines by itself, sun or moon", "is the moon a small sun", "sun vs moon",
            "how do the sun and the moon differ", "which one is larger, the sun or the moon",
        ],
    },
    {
        "a": "star",
        "b": "planet",
        "answers": ["A star gives off its own light; a planet orbits a star and only reflects its light."],
        "asks": [
            "is a planet a star", "which one glows by itself, star or planet", "star vs planet",
            "how do i tell a star from a planet", "what makes a planet different from a star",
        ],
    },
    {
        "a": "even_number",
        "b": "odd_number",
        "answers": ["An even number can be divided by 2 without rest; an odd number cannot."],
        "asks": [
            "even or odd, what do they mean", "how do odd and even differ",
            "which ones can be divided by two, odd or even", "odd vs even",
        ],
    },
    {
        "a": "boil",
        "b": "freeze",
        "answers": ["Water boils at 100 degrees Celsius and freezes at 0 degrees Celsius."],
        "asks": [
            "at which temperatures does water boil and freeze", "boiling and freezing points of water",
            "when does water boil and when does it freeze", "hot limit and cold limit of water",
        ],
    },
    {
        "a": "spider_legs",
        "b": "insect_legs",
        "answers": ["A spider has 8 legs; an insect has 6 legs."],
        "asks": [
            "who has more legs, a spider or an ant", "is a spider an insect", "does a spider or a bee have more legs",
            "how do i tell a spider from an insect",
        ],
    },
    {
        "a": "ice",
        "b": "steam",
        "answers": ["Ice is solid water; steam is water as a gas."],
        "asks": [
            "which one is cold, ice or steam", "ice vs steam",
            "both are water, so what is different between ice and steam", "how do ice and steam differ",
        ],
    },
    {
        "a": "rain",
        "b": "snow",
        "answers": ["Rain is liquid water from the clouds; snow is made of ice crystals."],
        "asks": [
            "which one is frozen, rain or snow", "rain vs snow", "when is it snow and when rain",
            "how do rain and snow differ",
        ],
    },
]

DIALOGUES: list[list[tuple[str, str]]] = [
    [
        ("is the sun a star?", "The sun is a star; it gives the Earth light and warmth."),
        ("and the moon?", "The moon orbits the Earth; it is a ball of rock that shines in the light of the sun."),
        ("and the Earth", "The Earth is the planet we live on; it orbits the sun once a year."),
    ],
    [
        (
            "how many days are in a week",
            "A week has 7 days: Monday, Tuesday, Wednesday, Thursday, Friday, Saturday and Sunday.",
        ),
        ("and in a year?", "A year has 365 days, and a leap year has 366."),
        (
            "and how many months?",
            (
                "A year has 12 months: January, February, March, April, May, June, July, August, "
                "September, October, November and December."
            ),
        ),
    ],
    [
        ("how many minutes has an hour", "An hour has 60 minutes."),
        ("and how many seconds does a minute have?", "A minute has 60 seconds."),
        ("and hours in a day?", "A day has 24 hours."),
    ],
    [
        ("how many legs does a dog have?", "A dog has 4 legs."),
        ("and a spider?", "A spider has 8 legs."),
        ("and an insect", "An insect has 6 legs."),
        ("and you?", "I have no legs, because I am a program."),
    ],
    [
        ("how many legs has a spider", "A spider has 8 legs."),
        ("and a human?", "A human has 2 legs."),
        ("what about a fish", "A fish has no legs; it swims with fins."),
    ],
    [
        ("how many legs does a cat have", "A cat has 4 legs."),
        ("and a bird?", "A bird has 2 legs and 2 wings."),
    ],
    [
        ("when does water boil", "Water boils at 100 degrees Celsius."),
        ("and when does it freeze?", "Water freezes at 0 degrees Celsius."),
    ],
    [
        ("why is the sky blue?", "The sky is blue because the air scatters the blue part of the sunlight most."),
        (
            "and why is it red in the evening?",
            (
                "A sunset is red because the light has a long way through the air and most of its blue is"
                " scattered away."
            ),
        ),
    ],
    [
        ("what colour is grass", "Grass is green."),
        ("and a banana?", "A banana is yellow."),
        ("and snow", "Snow is white."),
    ],
    [
        ("what does a dog say", "A dog says woof."),
        ("and a cat?", "A cat says meow."),
        ("and a cow?", "A cow says moo."),
    ],
]
